"""A line for each request, for development: `GET /path 200 3 ms`, on stdout, coloured where that will be seen.

Around the app, so it is the same for every engine. Asked for by `mainstay dev` in the environment.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from mainstay.runtime.load import App, Loaded
from mainstay.runtime.messages import Interface

VARIABLE = "MAINSTAY_ACCESS_LINES"
"""`colour` or `plain`; without it there are no lines."""
LOGGED = "mainstay.logged"
"""A list in the scope or environ: the app's own access log puts something in (mainstay.web.accesslog knows it too)."""
_COLOURS = {2: "32", 3: "36", 4: "33", 5: "31"}

# Any: ASGI's and WSGI's dictionaries and callables are open.
Print = Callable[[str], object]


def with_lines(loaded: Loaded, environ: Mapping[str, str]) -> Loaded:
    """The app with its lines, where the environment asks for them."""
    asked = environ.get(VARIABLE, "")
    if not asked:
        return loaded
    lines = _Lines(colours=asked == "colour")
    wrapped: App = WSGILines(loaded.app, lines) if loaded.interface is Interface.WSGI else ASGILines(loaded.app, lines)
    return replace(loaded, app=wrapped)


class _Lines:
    """How a request is told."""

    def __init__(self, *, colours: bool, write: Print = print) -> None:
        self._colours = colours
        self._write = write

    def tell(self, method: str, target: str, status: int, began: float) -> None:
        """Print the line of a request that has been answered; `began` on the monotonic clock."""
        took = f"{(time.monotonic() - began) * 1000:.0f} ms"
        if not self._colours:
            self._write(f"{method} {target} {status} {took}")
            return
        self._write(f"{method} {target} \x1b[{_COLOURS.get(status // 100, '0')}m{status}\x1b[0m \x1b[2m{took}\x1b[0m")


class ASGILines:
    """Around an ASGI app."""

    def __init__(self, app: App, lines: _Lines) -> None:
        self._app = app
        self._lines = lines

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on, and tell of requests."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500  # of what raises before it answers
        told: list[object] = []
        scope[LOGGED] = told

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if not told:
                query = scope.get("query_string", b"").decode("latin-1")
                target = quote(scope["path"]) + (f"?{query}" if query else "")
                self._lines.tell(scope["method"], target, status, began)


class WSGILines:
    """Around a WSGI app; a request is over when its response is closed."""

    def __init__(self, app: App, lines: _Lines) -> None:
        self._app = app
        self._lines = lines

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer, and tell of it."""
        began, status = time.monotonic(), 500
        told: list[object] = []
        environ[LOGGED] = told

        def starting(line: str, *more: Any) -> Any:
            nonlocal status
            status = int(line.split(maxsplit=1)[0])
            return start_response(line, *more)

        def tell() -> None:
            if told:
                return
            path = quote(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), encoding="latin-1")
            query = environ.get("QUERY_STRING", "")
            self._lines.tell(environ["REQUEST_METHOD"], path + (f"?{query}" if query else ""), status, began)

        try:
            return _Response(self._app(environ, starting), tell)
        except BaseException:
            tell()
            raise


class _Response:
    def __init__(self, body: Iterable[bytes], tell: Callable[[], None]) -> None:
        self._body = body
        self._tell = tell

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._tell()
