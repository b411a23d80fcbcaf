"""A bare WSGI app that answers `1`."""

from collections.abc import Callable
from typing import Any

from by_path import wsgi_by_path

HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "1")]


def one(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with one byte."""
    start_response("200 OK", HEADERS)
    return [b"1"]


app = wsgi_by_path({"/bare": one, "/logged": one})
