"""What granian calls for each request: the app, and while draining the app behind `Connection: close` and a count.

Until the drain a gate adds nothing to what granian's own wrapper does.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mainstay.runtime.load import App

# Any: ASGI's and WSGI's dictionaries and callables, as granian's Rust side makes them.
Scope = dict[str, Any]


class Usage:
    """How many requests are being answered and when the last one began or ended. Counted from threads too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = 0
        self._last = time.monotonic()

    def __enter__(self) -> None:
        with self._lock:
            self._in_flight += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._in_flight -= 1
            self._last = time.monotonic()

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing is in flight and nothing was for `seconds`."""
        return self._in_flight == 0 and time.monotonic() - self._last >= seconds


class AsgiGate:
    """ASGI: called with granian's scope and protocol, gives the coroutine to run."""

    def __init__(self, app: App, state: dict[str, Any]) -> None:
        self._app = app
        self._http = app
        self._state = state
        self._usage = Usage()
        self._open_websockets: set[Callable[[Any], Any]] = set()

    def __call__(self, scope: Scope, proto: Any) -> Any:
        """As granian's `_callback_wrapper` does, which has no place to put a gate."""
        scope.update(root_path="", state=self._state.copy())
        if scope["type"] == "http":
            return self._http(scope, proto.receive, proto.send)
        return self._websocket(scope, proto.receive, proto.send)

    def begin_drain(self) -> None:
        """From now on responses close their connection, and are counted."""
        self._usage = Usage()
        self._http = self._closing

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing has been asked or answered for `seconds`, of what came since the drain began."""
        return self._usage.is_quiet(seconds)

    async def cut(self) -> None:
        """Close the websockets that are left, with 1012 (service restart)."""
        for send in list(self._open_websockets):
            with suppress(Exception):
                await send({"type": "websocket.close", "code": 1012})

    async def _websocket(self, scope: Scope, receive: Any, send: Any) -> None:
        self._open_websockets.add(send)
        try:
            await self._app(scope, receive, send)
        finally:
            self._open_websockets.discard(send)

    async def _closing(self, scope: Scope, receive: Any, send: Any) -> None:
        async def send_closing(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        with self._usage:
            await self._app(scope, receive, send_closing if scope["http_version"].startswith("1") else send)


class WsgiGate:
    """WSGI: called with environ and start_response, in granian's threads."""

    def __init__(self, app: App) -> None:
        self._call = self._app = app
        self._usage = Usage()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request."""
        return self._call(environ, start_response)

    def begin_drain(self) -> None:
        """From now on responses close their connection, and are counted."""
        self._usage = Usage()
        self._call = self._closing

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing has been asked or answered for `seconds`, of what came since the drain began."""
        return self._usage.is_quiet(seconds)

    async def cut(self) -> None:
        """Nothing more can be done: threads cannot be cancelled."""
        await asyncio.sleep(0)

    def _closing(self, environ: dict[str, Any], start_response: Any) -> Any:
        def start_closing(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, ("Connection", "close")], exc_info)

        close = environ["SERVER_PROTOCOL"].startswith("HTTP/1")
        with self._usage:
            return self._app(environ, start_closing if close else start_response)
