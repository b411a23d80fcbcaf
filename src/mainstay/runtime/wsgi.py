"""A WSGI app (PEP 3333) as an ASGI app, in a pool of threads.

a2wsgi gives the environ and the outer shell. The body and the responder are ours, because of what its own (1.10.10)
do: `readline(limit)` returns b"" when nothing was read yet, which looks like the end of the body; a response longer
than its Content-Length blocks a thread for good; `wsgi.errors` is stdout; an endless stream goes on after its client
left; the head is sent before the first byte of the body, so that an app can no longer turn its response into an error
page.
"""

import asyncio
import contextvars
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from a2wsgi.wsgi import WSGIMiddleware, build_environ

# Any: ASGI's events and WSGI's environ are open dictionaries.
Message = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


class ClientGone(Exception):
    """The client closed its connection: nobody will read the rest of the response."""


class WSGIApp(WSGIMiddleware):
    """ASGI on the outside: `threads` requests are answered at once, more wait for a thread."""

    def __init__(self, app: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        super().__init__(app, workers=threads)
        self._pool: ThreadPoolExecutor = self.executor

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request; websockets are refused, lifespan is accepted (both by a2wsgi)."""
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        exchange = _Exchange(self.app, asyncio.get_running_loop(), scope, receive, send)
        context = contextvars.copy_context()
        try:
            last = await asyncio.get_running_loop().run_in_executor(self._pool, context.run, exchange.answer)
        except ClientGone:
            return
        finally:
            exchange.over()
        for message in last:
            await send(message)


class Body:
    """`wsgi.input`: read in the app's thread, fed from the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        self._loop = loop
        self._receive = receive
        self._buffer = bytearray()
        self._more = True

    def read(self, size: int | None = -1) -> bytes:
        """`size` bytes, fewer only at the end; everything when `size` is negative or None."""
        if size is None or size < 0:
            while self._fill():
                pass
            size = len(self._buffer)
        while len(self._buffer) < size and self._fill():
            pass
        return self._take(size)

    def readline(self, limit: int | None = -1) -> bytes:
        """Up to and with the next line break, `limit` bytes at most."""
        limit = -1 if limit is None else limit
        searched = 0
        while True:
            found = self._buffer.find(b"\n", searched)
            searched = len(self._buffer)
            if found >= 0 or 0 <= limit <= searched or not self._fill():
                break
        end = found + 1 if found >= 0 else len(self._buffer)
        return self._take(end if limit < 0 else min(end, limit))

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """All lines, or as many as come to `hint` bytes."""
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> bool:
        """Wait for more of the body; False at its end. Raises `ClientGone` when it will not come."""
        if not self._more:
            return False
        message: Message = asyncio.run_coroutine_threadsafe(self._receive(), self._loop).result()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._more = message.get("more_body", False)
        self._buffer += message.get("body", b"")
        return True


class _Exchange:
    """One request and its response. `answer` runs in a thread, `_pass_on` and `over` in the loop."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop, scope: Any, receive: Receive, send: Send) -> None:
        self._app = app
        self._loop = loop
        self._scope = scope
        self._receive = receive
        self._send = send
        self._head: Message | None = None  # given by the app, not sent yet
        self._started = False
        self._gone = False
        self._watch: asyncio.Task[None] | None = None

    def answer(self) -> list[Message]:
        """Call the app and send what it yields; what is left to send when it is finished."""
        # A header with an underscore would look like its twin with a dash, which a proxy in front may have vouched for.
        headers = [(name, value) for name, value in self._scope["headers"] if b"_" not in name]
        scope: Any = {**self._scope, "headers": headers}
        body: Any = Body(self._loop, self._receive)  # a2wsgi's type of a body is its own class
        environ: dict[str, Any] = dict(build_environ(scope, body))
        environ["wsgi.errors"] = sys.stderr
        environ["wsgi.input_terminated"] = True  # chunked bodies end by themselves: Werkzeug may read them
        result = self._app(environ, self._start_response)
        try:
            if isinstance(result, list | tuple) and len(result) <= 1:
                return self._whole(result[0] if result else b"")
            for chunk in result:
                if chunk:
                    self._write(chunk)
            return [*self._take_head(), {"type": "http.response.body", "body": b""}]
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def over(self) -> None:
        """The request is answered or given up."""
        if self._watch is not None:
            self._watch.cancel()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if exc_info is not None:
            if self._started:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self._head is not None or self._started:
            raise RuntimeError("the app called start_response twice without exc_info")
        self._head = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [
                (name.strip().lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers
            ],
        }
        return self._write

    def _whole(self, body: bytes) -> list[Message]:
        """A response in one piece: its length is known (PEP 3333, "Handling the Content-Length Header")."""
        if self._started:
            return [{"type": "http.response.body", "body": body}]
        (head,) = self._take_head()
        names = {name for name, _ in head["headers"]}
        without_body = head["status"] in (204, 304) or head["status"] < 200 or self._scope["method"] == "HEAD"
        if not without_body and not names & {b"content-length", b"transfer-encoding"}:
            head["headers"].append((b"content-length", str(len(body)).encode()))
        return [head, {"type": "http.response.body", "body": body}]

    def _take_head(self) -> list[Message]:
        if self._started:
            return []
        if self._head is None:
            raise RuntimeError("the app did not call start_response")
        self._started = True
        return [self._head]

    def _write(self, chunk: bytes) -> None:
        messages = [*self._take_head(), {"type": "http.response.body", "body": chunk, "more_body": True}]
        asyncio.run_coroutine_threadsafe(self._pass_on(messages), self._loop).result()

    async def _pass_on(self, messages: list[Message]) -> None:
        if self._watch is None and not _expects_body(self._scope):
            self._watch = asyncio.ensure_future(self._see_client_go())
        if self._gone:
            raise ClientGone
        for message in messages:
            await self._send(message)

    async def _see_client_go(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True


def _expects_body(scope: Any) -> bool:
    """Whether the request has a body: then what is received is the app's, and the client's going shows there."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )
