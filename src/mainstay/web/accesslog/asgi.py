"""The access log around an ASGI app (ASGI 3)."""

import os
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Unpack

from mainstay.web.accesslog.exchange import Outcome, ScopeExchange
from mainstay.web.accesslog.identity import request_id, trace_id
from mainstay.web.accesslog.keywords import Keywords
from mainstay.web.accesslog.logger import ID_HEADER, Logger, Options
from mainstay.web.proxy import TrustedProxies

# Any: ASGI's dictionaries and callables are open.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
LOGGED = "mainstay.logged"
"""A list in the scope or environ, put there by mainstay's runtime, which writes a line of its own if it stays empty."""
SWITCHED, REFUSED, FAILED = 101, 403, 500
"""What a websocket's handshake and an app that raises come to."""
_ID = ID_HEADER.encode()


class AccessLog:
    """A line for each request. The keywords are those of `Options`, and `proxies`: whom to believe about the client.

    Without `proxies`, those that MAINSTAY_TRUSTED_PROXY names. Raises FormatError when the format cannot be.
    """

    def __init__(self, app: ASGIApp, *, proxies: TrustedProxies | None = None, **options: Unpack[Keywords]) -> None:
        self.app = app
        self._logger = Logger(Options(**options), proxies)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, and log it."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        logger = self._logger
        exchange = ScopeExchange(scope, logger.proxies)
        if LOGGED in scope:
            scope[LOGGED].append(True)
        watch = _Watch(exchange, logger, receive, send, websocket=kind == "websocket")
        if logger.identifies:
            peer = scope.get("client")
            logger.identify(exchange, peer[0] if peer else None)
            of_id, of_trace = request_id.set(exchange.request_id), trace_id.set(exchange.trace)
        if logger.immediate:
            logger.log(exchange)
        try:
            await self.app(scope, watch.receive, watch.send)
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            watch.end()
            if logger.identifies:
                request_id.reset(of_id)
                trace_id.reset(of_trace)


class _Watch:
    """One request: sees what is received and sent. What is done for every one of them is kept in few calls."""

    __slots__ = ("_done", "_exchange", "_left", "_logger", "_receive", "_send", "_websocket")

    def __init__(self, exchange: ScopeExchange, logger: Logger, receive: Any, send: Any, *, websocket: bool) -> None:
        self._exchange = exchange
        self._logger = logger
        self._receive = receive
        self._send = send
        self._websocket = websocket
        self._done = False
        self._left = False

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] in ("http.disconnect", "websocket.disconnect") and not self._done:
            self._left = True
            if self._websocket:
                self.end()
        return message

    async def send(self, message: Any) -> None:
        exchange = self._exchange
        kind = message["type"]
        if kind == "http.response.body":
            body = message.get("body", b"")
            if body and not exchange.first:
                exchange.first = perf_counter()
            await self._send(message)
            if not self._left:
                exchange.sent += len(body)
            if not message.get("more_body", False):
                self.end()
        elif kind == "http.response.start":
            headers = message.get("headers", ())
            if exchange.request_id:
                headers = [*headers, (_ID, exchange.request_id.encode())]
                message = {**message, "headers": headers}
            exchange.status = message["status"]
            exchange.response_headers = headers
            exchange.responded = perf_counter()
            await self._send(message)
        else:
            await self._other(kind, message)

    async def _other(self, kind: str, message: Any) -> None:
        exchange = self._exchange
        if kind == "http.response.pathsend":  # ASGI's extension: the server sends a file by itself
            exchange.first = perf_counter()
            exchange.sent += os.stat(message["path"]).st_size
        elif kind == "websocket.accept":
            exchange.status, exchange.responded = SWITCHED, perf_counter()
        elif kind == "websocket.close" and not exchange.status:
            exchange.status, exchange.responded = REFUSED, perf_counter()
        await self._send(message)
        if kind in ("http.response.pathsend", "websocket.close"):
            self.end()

    def failed(self, error: BaseException) -> None:
        """The app raised this."""
        self._exchange.error = error
        self._exchange.status = self._exchange.status or FAILED

    def end(self) -> None:
        """It is over; the first time counts."""
        if self._done:
            return
        self._done = True
        exchange = self._exchange
        exchange.ended = perf_counter()
        cut = exchange.error is not None and exchange.responded > 0  # it gave up before the response was complete
        exchange.outcome = Outcome.CUT if cut or (self._left and not self._websocket) else Outcome.COMPLETE
        if not self._logger.immediate:
            self._logger.log(exchange)
