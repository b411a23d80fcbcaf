"""One HTTP/1.1 connection: what httptools reads from it becomes exchanges, one at a time, in order.

It stands in for uvicorn's protocol of the same parser, from which it is indistinguishable on the wire, and does less
for each request: no timer is armed and cancelled (one sweep a second looks at all connections), the headers of our own
are rendered once a second, what a request does not use is not made, and head and body leave together.
"""

import asyncio
import logging
from collections import deque
from typing import Any
from urllib.parse import unquote

import httptools

from mainstay.runtime.http_exchange import Exchange, Message
from mainstay.runtime.http_head import STATUS_LINES, lines_of, tokens
from mainstay.runtime.shared import Shared

logger = logging.getLogger("uvicorn.error")

# Any: httptools is made by Cython and has no types.
Parser: Any = httptools.HttpRequestParser
HIGH_WATER = 65536  # bytes of a body that wait for the app before no more are read
INVALID = b"Invalid HTTP request received."
# Headers of a request that have a meaning for the server.
EXPECT, UPGRADE, CONNECTION = b"expect", b"upgrade", b"connection"
# httptools before 0.6.3 has no leniencies; with it a request after one with `Connection: close` is no error.
IS_STRICT = not hasattr(Parser, "set_dangerous_leniencies")


class HttpConnection(asyncio.Protocol):
    """Made by the loop for each connection. Beside what a protocol must have it has what `drain` relies on."""

    # What a new connection begins with stands here, so that nothing is done for it.
    cycle: Exchange | None = None
    """The newest request."""
    answered_at: float | None = None
    """The loop's time of the end of the last response, until the next byte comes."""
    headers: list[tuple[bytes, bytes]] | None = None
    transport: asyncio.Transport = None  # type: ignore[assignment]  # until `connection_made`
    is_full = False
    """Whether the transport wants nothing more to write for now."""
    _running: Exchange | None = None
    _waiting: deque[Exchange] | None = None
    _reading = True
    _room: asyncio.Event | None = None

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.opened_at = shared.loop.time()
        self._parser = Parser(self)
        if not IS_STRICT:
            self._parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.transport = transport  # type: ignore[assignment]  # it reads and writes
        self.shared.connections.add(self)  # type: ignore[arg-type]  # there uvicorn names its own classes
        # Both were asked for by the loop already; its "socket" would ask again, several times.
        server, client = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        self._server = server[:2] if isinstance(server, tuple) else (server, None)
        self._client = client[:2] if isinstance(client, tuple) else None

    def connection_lost(self, _error: Exception | None) -> None:
        """Called by the loop."""
        self.shared.connections.discard(self)
        if self._running is not None:
            self._running.disconnect()
        self._waiting = None
        self.resume_writing()
        # What refers to us is let go, so that all of it is freed now and not by the garbage collector.
        self._parser = self._running = self.cycle = None

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self.answered_at = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._upgrading:
                self._become_websocket()
            else:
                logger.warning("Unsupported upgrade request.")
        except httptools.HttpParserError:
            logger.warning(INVALID.decode())
            self._refuse()

    def pause_writing(self) -> None:
        """Called by the loop when too much waits to be written."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Called by the loop when it has been written."""
        self.is_full = False
        if self._room is not None:
            self._room.set()
            self._room = None

    async def has_room(self) -> None:
        """Wait until the transport takes more."""
        room = self._room = self._room or asyncio.Event()
        await room.wait()

    def pause_reading(self) -> None:
        """Read nothing more until the app has caught up."""
        if self._reading:
            self._reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if not self._reading:
            self._reading = True
            self.transport.resume_reading()

    def has_answered(self) -> None:
        """The response of the request that runs is complete: go on with the next one that has come already."""
        self.shared.total_requests += 1
        if self.transport.is_closing():
            return
        self.resume_reading()
        if self._waiting:
            self._running = self._waiting.popleft()
            self._running.start(self.shared.app)
        else:
            self.answered_at = self.shared.loop.time()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url = b""
        self._awaits_continue = False
        self._upgrading = False
        self.headers = []

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the request."""
        name = name.lower()
        self.headers.append((name, value))  # type: ignore[union-attr]  # there has been a beginning
        if name == EXPECT:
            self._awaits_continue = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """The head of the request is complete: run the app, or queue the request behind the one that runs."""
        parser, shared = self._parser, self.shared
        if parser.should_upgrade() and self._is_websocket():
            self._upgrading = True
            return
        version = parser.get_http_version()
        raw_path, query = self._target()
        path = raw_path.decode("ascii")
        scope: Message = {
            "type": "http",
            "asgi": {"version": shared.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self._server,
            "client": self._client,
            "scheme": "http",
            "root_path": "",
            "headers": self.headers,
            "state": shared.state.copy(),
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
        }
        keep_alive = version != "1.0" and parser.should_keep_alive()
        before = self.cycle
        self.cycle = exchange = Exchange(self, scope, keep_alive=keep_alive, awaits_continue=self._awaits_continue)
        if before is None or before.response_complete:
            self._running = exchange
            exchange.start(shared.app)
        else:
            self.pause_reading()
            self._waiting = self._waiting or deque()
            self._waiting.append(exchange)

    def on_body(self, data: bytes) -> None:
        """A piece of the request's body."""
        if self.cycle is not None and not self._upgrading and self.cycle.take_body(data) > HIGH_WATER:
            self.pause_reading()

    def on_message_complete(self) -> None:
        """The request is complete."""
        if self.cycle is None or self._upgrading:
            return
        if self.cycle.response_complete:  # the app did not want the body: the connection idles from now on
            self.answered_at = self.shared.loop.time()
        else:
            self.cycle.end_body()

    def _target(self) -> tuple[bytes, bytes]:
        """The path and the query of the request. Raises httptools' error for what is no target."""
        url = self._url
        if url.startswith(b"/") and b"#" not in url:
            path, _, query = url.partition(b"?")
            return path, query
        parsed = httptools.parse_url(url)
        return parsed.path, parsed.query or b""

    def _is_websocket(self) -> bool:
        fields = dict(self.headers or ())
        asked = UPGRADE in tokens(fields.get(CONNECTION, b"")) and fields.get(UPGRADE, b"").lower() == b"websocket"
        return asked and self.shared.config.ws_protocol_class is not None

    def _become_websocket(self) -> None:
        """Give the connection to uvicorn's websocket protocol, with the request as it came."""
        shared, method = self.shared, self._parser.get_method()
        shared.connections.discard(self)
        request = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._url, lines_of(self.headers or ()))
        protocol: Any = shared.config.ws_protocol_class
        websocket = protocol(config=shared.config, server_state=shared, app_state=shared.state)
        websocket.connection_made(self.transport)
        websocket.data_received(request)
        self.transport.set_protocol(websocket)
        self._parser = self.cycle = None

    def _refuse(self) -> None:
        """Answer what is no request, and hang up."""
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(
            INVALID
        )
        self.transport.write(STATUS_LINES[400] + self.shared.head + head + INVALID)
        self.transport.close()
