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

RESTART = 1012  # of RFC 6455's registry of close codes: the service restarts

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


class Websocket:
    """A websocket that can be closed while its app waits for a message; granian sends nothing during that wait."""

    def __init__(self, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        self._receive = receive
        self._send = send
        self._waiting: asyncio.Future[Any] | None = None
        self._closing = False

    async def receive(self) -> Any:
        """The next message, or the end that `close` made."""
        self._waiting = asyncio.ensure_future(self._next())
        try:
            return await self._waiting
        except asyncio.CancelledError:
            if not self._closing:
                raise  # it was the app's task that was cancelled
            await self._send_close()
            return {"type": "websocket.disconnect", "code": RESTART}
        finally:
            self._waiting = None

    async def close(self) -> None:
        """Close it with 1012."""
        self._closing = True
        if self._waiting is not None:
            self._waiting.cancel()  # `receive` goes on from there
        else:
            await self._send_close()

    async def _next(self) -> Any:
        return await self._receive()

    async def _send_close(self) -> None:
        with suppress(Exception):  # the client was faster
            await self._send({"type": "websocket.close", "code": RESTART})


class AsgiGate:
    """ASGI: called with granian's scope and protocol, gives the coroutine to run."""

    def __init__(self, app: App, state: dict[str, Any]) -> None:
        self._app = app
        self._http = app
        self._state = state
        self._usage = Usage()
        self._websockets: set[Websocket] = set()
        self._count = 0

    def __call__(self, scope: Scope, proto: Any) -> Any:
        """As granian's `_callback_wrapper` does, which has no place to put a gate."""
        scope.update(root_path="", state=self._state.copy())
        if scope["type"] == "http":
            return self._http(scope, proto.receive, proto.send)
        return self._websocket(scope, proto.receive, proto.send)

    def served(self) -> int:
        """How many requests came since this was asked for the first time: nobody asks, nothing is counted."""
        if self._http is self._app:
            self._http = self._counted
        return self._count

    def begin_drain(self) -> None:
        """From now on responses close their connection, and are counted."""
        self._usage = Usage()
        self._http = self._closing

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing was asked or answered for `seconds`, of what came since the drain, and no websocket lives."""
        return not self._websockets and self._usage.is_quiet(seconds)

    async def cut(self, seconds: float) -> None:
        """Close the websockets that are left, with 1012 (service restart), within `seconds`."""
        closing = [asyncio.ensure_future(websocket.close()) for websocket in self._websockets]
        if closing:
            await asyncio.wait(closing, timeout=seconds / 2)
            await asyncio.sleep(seconds / 2)  # for the apps to notice

    async def _websocket(self, scope: Scope, receive: Any, send: Any) -> None:
        websocket = Websocket(receive, send)
        self._websockets.add(websocket)
        try:
            await self._app(scope, websocket.receive, send)
        finally:
            self._websockets.discard(websocket)

    def _counted(self, scope: Scope, receive: Any, send: Any) -> Any:
        self._count += 1
        return self._app(scope, receive, send)

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
        self._count = 0
        self._counting = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request."""
        return self._call(environ, start_response)

    def served(self) -> int:
        """How many requests came since this was asked for the first time: nobody asks, nothing is counted."""
        if self._call is self._app:
            self._call = self._counted
        return self._count

    def begin_drain(self) -> None:
        """From now on responses close their connection, and are counted."""
        self._usage = Usage()
        self._call = self._closing

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing has been asked or answered for `seconds`, of what came since the drain began."""
        return self._usage.is_quiet(seconds)

    async def cut(self, _seconds: float) -> None:
        """Nothing more can be done: threads cannot be cancelled."""

    def _counted(self, environ: dict[str, Any], start_response: Any) -> Any:
        with self._counting:
            self._count += 1
        return self._app(environ, start_response)

    def _closing(self, environ: dict[str, Any], start_response: Any) -> Any:
        def start_closing(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, ("Connection", "close")], exc_info)

        close = environ["SERVER_PROTOCOL"].startswith("HTTP/1")
        with self._usage:
            return self._app(environ, start_closing if close else start_response)
