"""How many connections one process may have open: its share of what all workers of the app may have together."""

from __future__ import annotations

from collections.abc import Mapping

THREADS = 40
"""Where nobody says how many: as many as our workers have, and as Starlette starts for `def` endpoints."""


def size_for(most: int, environ: Mapping[str, str]) -> int:
    """The size of one process's pool; at least 1.

    One more worker is counted than there are, since a reload starts the new one before the old one ends. More than
    one for each thread are not needed. Under another server than ours WEB_CONCURRENCY says how many workers there are.
    """
    workers = _number(environ, "MAINSTAY_INSTANCES") or _number(environ, "WEB_CONCURRENCY") or 1
    threads = _number(environ, "MAINSTAY_THREADS") or THREADS
    return max(1, min(threads, most // (workers + 1)))


def _number(environ: Mapping[str, str], name: str) -> int:
    """0 when it is none: these are set by programs, and are no reason not to start."""
    text = environ.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else 0
