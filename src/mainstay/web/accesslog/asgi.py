"""The access log around an ASGI app (ASGI 3)."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, Unpack

from mainstay.web.accesslog.exchange import ScopeExchange
from mainstay.web.accesslog.identity import request_id, trace_id
from mainstay.web.accesslog.keywords import Keywords
from mainstay.web.accesslog.logger import ID_HEADER, Logger, Options
from mainstay.web.proxy import TrustedProxies

# Any: ASGI's dictionaries and callables are open.
Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
LOGGED = "mainstay.logged"
"""In a scope or environ whose request has a line, so that nobody writes another one."""
_FAILED = 500
_ID = ID_HEADER.encode()


class AccessLog:
    """A line for each request. The keywords are those of `Options`, and `proxies`: whom to believe about the client.

    Without `proxies`, those that MAINSTAY_TRUSTED_PROXY names. Raises FormatError when the format cannot be.
    """

    def __init__(self, app: ASGIApp, *, proxies: TrustedProxies | None = None, **options: Unpack[Keywords]) -> None:
        self.app = app
        self._logger = Logger(Options(**options), proxies)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer, and log it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        logger = self._logger
        exchange = ScopeExchange(scope, logger.proxies)
        scope[LOGGED] = True
        if logger.identifies:
            await self._identified(exchange, scope, receive, send)
        else:
            await _Watch(exchange, logger, scope, receive, send).run(self.app)

    async def _identified(self, exchange: ScopeExchange, scope: Scope, receive: Any, send: Any) -> None:
        peer = scope.get("client")
        self._logger.identify(exchange, peer[0] if peer else None)
        of_id, of_trace = request_id.set(exchange.request_id), trace_id.set(exchange.trace)
        try:
            await _Watch(exchange, self._logger, scope, receive, send).run(self.app)
        finally:
            request_id.reset(of_id)
            trace_id.reset(of_trace)


class _Watch:
    """One request: sees what is received and sent."""

    __slots__ = ("_done", "_exchange", "_left", "_logger", "_receive", "_scope", "_send")

    def __init__(self, exchange: ScopeExchange, logger: Logger, scope: Scope, receive: Any, send: Any) -> None:
        self._exchange = exchange
        self._logger = logger
        self._scope = scope
        self._receive = receive
        self._send = send
        self._done = False
        self._left = False

    async def run(self, app: ASGIApp) -> None:
        exchange = self._exchange
        if self._logger.immediate:
            self._log()
        try:
            await app(self._scope, self.receive, self.send)
        except BaseException as error:
            exchange.error = error
            if not exchange.status:
                exchange.status = _FAILED
            raise
        finally:
            if not self._done:
                self._end()

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] in ("http.disconnect", "websocket.disconnect") and not self._done:
            self._left = True
            if message["type"] == "websocket.disconnect":
                self._end()
        return message

    async def send(self, message: Any) -> None:
        kind = message["type"]
        if kind == "http.response.body":
            await self._body(message)
        elif kind == "http.response.start":
            await self._start(message)
        else:
            await self._other(kind, message)

    async def _start(self, message: Any) -> None:
        exchange = self._exchange
        headers = message.get("headers", ())
        if exchange.request_id:
            headers = [*headers, (_ID, exchange.request_id.encode())]
            message = {**message, "headers": headers}
        exchange.status = message["status"]
        exchange.response_headers = headers
        exchange.responded = perf_counter()
        await self._send(message)

    async def _body(self, message: Any) -> None:
        exchange = self._exchange
        size = len(message.get("body", b""))
        if size and not exchange.first:
            exchange.first = perf_counter()
        await self._send(message)
        if not self._left:
            exchange.sent += size
        if not message.get("more_body", False) and not self._done:
            self._end()

    async def _other(self, kind: str, message: Any) -> None:
        exchange = self._exchange
        if kind == "http.response.pathsend":  # ASGI's extension: the server sends a file by itself
            exchange.first = perf_counter()
            exchange.sent += os.stat(message["path"]).st_size
        elif kind == "websocket.accept":
            exchange.status, exchange.responded = 101, perf_counter()
        elif kind == "websocket.close" and not exchange.status:
            exchange.status, exchange.responded = 403, perf_counter()
        await self._send(message)
        if kind in ("http.response.pathsend", "websocket.close") and not self._done:
            self._end()

    def _end(self) -> None:
        exchange = self._exchange
        exchange.ended = perf_counter()
        exchange.completed = "X" if self._was_cut() else "+" if self._stays() else "-"
        if not self._logger.immediate:
            self._log()
        self._done = True

    def _was_cut(self) -> bool:
        """The client left, or the app gave up, before the response was complete."""
        if self._scope["type"] == "websocket":
            return self._exchange.error is not None
        return self._left or (self._exchange.error is not None and self._exchange.responded > 0)

    def _stays(self) -> bool:
        """Whether the connection is kept, as far as both sides' headers say (RFC 9112 section 9.3)."""
        exchange = self._exchange
        said = f"{exchange.header('connection') or ''},{exchange.response_header('connection') or ''}".lower()
        return "close" not in said and (exchange.version != "1.0" or "keep-alive" in said)

    def _log(self) -> None:
        self._logger.log(self._exchange)
