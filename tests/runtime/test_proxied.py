"""The app behind proxies, as the environment says."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from mainstay.runtime.load import CannotLoad, Loaded
from mainstay.runtime.messages import Interface
from mainstay.runtime.proxied import VARIABLE, behind_proxies
from mainstay.web.proxy import ProxyMiddleware, WSGIProxyMiddleware
from mainstay.web.proxy.trusted import VARIABLE as READ_BY_THE_MIDDLEWARE

seen: list[dict[str, Any]] = []


async def app(scope: Any, _receive: Any, _send: Any) -> None:
    seen.append(scope)


def wsgi_app(environ: dict[str, Any], _start_response: Any) -> list[bytes]:
    seen.append(environ)
    return []


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}, {VARIABLE: " "}])
def test_where_nobody_is_trusted_the_app_is_as_it_was(environ: dict[str, str]) -> None:
    loaded = Loaded(app, Interface.ASGI)

    assert behind_proxies(loaded, environ) is loaded


def test_an_asgi_app_sees_the_client() -> None:
    loaded = behind_proxies(Loaded(app, Interface.ASGI), {VARIABLE: "loopback"})
    headers = [(b"x-forwarded-for", b"192.0.2.1")]

    assert isinstance(loaded.app, ProxyMiddleware)
    asyncio.run(loaded.app({"type": "http", "client": ("127.0.0.1", 1), "headers": headers}, None, None))
    assert seen.pop()["client"] == ("192.0.2.1", 0)


def test_a_wsgi_app_sees_the_client() -> None:
    loaded = behind_proxies(Loaded(wsgi_app, Interface.WSGI), {VARIABLE: "1"})

    assert isinstance(loaded.app, WSGIProxyMiddleware)
    assert loaded.app({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, None) == []
    assert seen.pop()["REMOTE_ADDR"] == "192.0.2.1"


def test_an_environment_that_cannot_be_read_is_a_reason_not_to_start() -> None:
    with pytest.raises(CannotLoad, match="MAINSTAY_TRUSTED_PROXY: \\* would let every client say who it is") as refused:
        behind_proxies(Loaded(app, Interface.ASGI), {VARIABLE: "*"})

    assert refused.value.hint == "name the networks of your proxies, or how many there are"


def test_the_variable_is_the_one_that_the_middleware_reads() -> None:
    assert VARIABLE == READ_BY_THE_MIDDLEWARE


def test_an_app_without_proxies_does_not_pay_for_them() -> None:
    code = "import sys, mainstay.runtime.proxied; print([name for name in sys.modules if 'mainstay.web' in name])"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    assert subprocess.check_output([sys.executable, "-c", code], env=environ, text=True) == "[]\n"
