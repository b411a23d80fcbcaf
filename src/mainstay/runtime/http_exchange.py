"""One request and its response: what the app receives and sends (ASGI's HTTP connection scope, version 2.3)."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from mainstay.runtime.http_head import CHUNKED, NOT_SAID, render

if TYPE_CHECKING:
    from mainstay.runtime.http_connection import HttpConnection

logger = logging.getLogger("uvicorn.error")

SMALL = 65536  # bytes of a body that are copied behind the head, so that one call to the system sends both
WITHOUT_BODY = (204, 304)
FAILED = (
    {
        "type": "http.response.start",
        "status": 500,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"21"),
            (b"connection", b"close"),
        ],
    },
    {"type": "http.response.body", "body": b"Internal Server Error"},
)

# Any: ASGI's apps, scopes and messages are open.
App = Any
Message = dict[str, Any]


class Exchange:
    """Runs the app for one request. Where `cycle` is written this is meant: uvicorn's name for it, see `drain`."""

    __slots__ = (
        "_body",
        "_connection",
        "_event",
        "_head",
        "_left",
        "_news",
        "_task",
        "awaits_continue",
        "disconnected",
        "keep_alive",
        "more_body",
        "response_complete",
        "response_started",
        "scope",
        "transport",
    )

    def __init__(
        self, connection: "HttpConnection", scope: Message, *, keep_alive: bool, awaits_continue: bool
    ) -> None:
        self._connection = connection
        self.transport = connection.transport
        self.scope = scope
        self.keep_alive = keep_alive
        self.awaits_continue = awaits_continue
        self.disconnected = False
        self.more_body = True
        self.response_started = False
        self.response_complete = False
        self._body = b""
        self._news = False  # something to tell the app when it next receives
        self._event: asyncio.Event | None = None  # made when the app waits: most never do
        self._head = b""  # rendered, not written yet
        self._left = 0  # bytes of the body that are still due, or CHUNKED
        self._task: asyncio.Task[None] | None = None

    def start(self, app: App) -> None:
        """Run the app in a task of its own."""
        shared = self._connection.shared
        self._task = shared.loop.create_task(self._run(app))
        shared.tasks.add(self._task)

    def take_body(self, data: bytes) -> int:
        """Keep a piece of the body for the app; how many bytes wait for it."""
        if self.response_complete:
            return 0
        self._body = self._body + data if self._body else data
        self._tell()
        return len(self._body)

    def end_body(self) -> None:
        """The request is complete."""
        self.more_body = False
        self._tell()

    def disconnect(self) -> None:
        """The client has gone."""
        if not self.response_complete:
            self.disconnected = True
        self._tell()

    def _tell(self) -> None:
        self._news = True
        if self._event is not None:
            self._event.set()

    async def _run(self, app: App) -> None:
        try:
            result = await app(self.scope, self.receive, self.send)
        except BaseException as error:
            logger.error("Exception in ASGI application\n", exc_info=error)
            await self._fail()
        else:
            if result is not None:
                logger.error("ASGI callable should return None, but returned '%s'.", result)
                self.transport.close()
            elif not self.response_complete and not self.disconnected:
                without = "completing" if self.response_started else "starting"
                logger.error("ASGI callable returned without %s response.", without)
                await self._fail()
        finally:
            # Here and not in a callback of the task, which would be one more turn of the loop for each request.
            if self._task is not None:
                self._connection.shared.tasks.discard(self._task)
                self._task = None

    async def _fail(self) -> None:
        """Answer with 500 while that can be done, else end the connection, so that nobody takes a part for all."""
        if self.response_started and not self._head:
            self.transport.close()
            return
        self.response_started = False
        for message in FAILED:
            await self.send(message)

    async def receive(self) -> Message:
        """A piece of the request's body, or that the client has gone."""
        if self.awaits_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.awaits_continue = False
        if not self.disconnected and not self.response_complete:
            self._connection.resume_reading()
            if not self._news:
                self._event = self._event or asyncio.Event()
                await self._event.wait()
            self._news = False
            if self._event is not None:
                self._event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self._body = self._body, b""
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """Send the head of the response, or a piece of its body."""
        if self._connection.is_full and not self.disconnected:
            await self._connection.has_room()
        if self.disconnected:
            return
        kind = message["type"]
        if self.response_complete:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' sent, after response already completed.")
        if self.response_started:
            if kind != "http.response.body":
                raise RuntimeError(f"Expected ASGI message 'http.response.body', but got '{kind}'.")
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            if kind != "http.response.start":
                raise RuntimeError(f"Expected ASGI message 'http.response.start', but got '{kind}'.")
            self._send_head(message["status"], message.get("headers", ()))

    def _send_head(self, status: int, headers: Any) -> None:
        """Write the head; one with a known length waits for the body, as ASGI allows, and is written with it."""
        text, length, closes = render(status, headers, self._connection.shared.head)
        self.response_started = True
        self.awaits_continue = False
        if closes:
            self.keep_alive = False
        elif not self.keep_alive:
            text += b"connection: close\r\n"
        bodiless = self.scope["method"] == "HEAD" or status in WITHOUT_BODY
        if length == NOT_SAID and not bodiless:
            text += b"transfer-encoding: chunked\r\n"
            length = CHUNKED
        self._left = 0 if length == NOT_SAID else length
        if length > 0:
            self._head = text + b"\r\n"
        else:
            self.transport.write(text + b"\r\n")

    def _send_body(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self._left, body = 0, b""
        elif self._left == CHUNKED:
            last = b"" if more else b"0\r\n\r\n"
            body = b"%x\r\n%b\r\n%b" % (len(body), body, last) if body else last
        elif len(body) > self._left:
            raise RuntimeError("Response content longer than Content-Length")
        else:
            self._left -= len(body)
        head, self._head = self._head, b""
        if head:
            if len(body) <= SMALL:
                body = head + body
            else:
                self.transport.write(head)
        if body:
            self.transport.write(body)
        if not more:
            self._end()

    def _end(self) -> None:
        if self._left > 0:
            raise RuntimeError("Response content shorter than Content-Length")
        self.response_complete = True
        self._tell()
        if not self.keep_alive:
            self.transport.close()
        self._connection.has_answered()
