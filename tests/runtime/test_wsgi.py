"""PEP 3333 over ASGI, called as a server would."""

# An app takes what its interface gives it, needed or not.
# ruff: noqa: ARG001, ARG002, ARG005

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from mainstay.runtime.wsgi import Body, WSGIApp

App = Callable[..., Iterable[bytes]]
Message = dict[str, Any]


class Server:
    """The server's side of one request; `messages` is what it gives, and then the client is gone."""

    def __init__(
        self, app: App, *messages: Message, method: str = "GET", headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        self.sent: list[Message] = []
        self._messages = list(messages) or [{"type": "http.request", "body": b"", "more_body": False}]
        self._stay = asyncio.Event()
        self._app = app
        self._scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": "/a b", "query_string": b"q=1",
            "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9), "headers": list(headers),
        }  # fmt: skip

    async def receive(self) -> Message:
        if not self._messages:
            await self._stay.wait()
            return {"type": "http.disconnect"}
        return self._messages.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if len(self.sent) == 5:
            self._stay.set()

    def run(self) -> "Server":
        async def main() -> None:
            await WSGIApp(self._app, threads=2)(self._scope, self.receive, self.send)

        asyncio.run(main())
        return self

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def body_message(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_response_in_one_piece_gets_its_length() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("201 Created", [("X-Path", environ["PATH_INFO"])])
        return [b"hello"]

    server = Server(app).run()

    assert server.sent == [
        {"type": "http.response.start", "status": 201, "headers": [(b"x-path", b"/a b"), (b"content-length", b"5")]},
        {"type": "http.response.body", "body": b"hello"},
    ]


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")]
)
def test_a_response_without_a_body_gets_no_length(method: str, status: str) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, [])
        return []

    assert Server(app, method=method).run().sent[0]["headers"] == []


def test_a_given_length_is_kept() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    assert Server(app, method="HEAD").run().sent[0]["headers"] == [(b"content-length", b"5")]


def test_a_stream_is_sent_piece_by_piece_and_closed() -> None:
    closed = []

    class Stream:
        def __iter__(self) -> Iterator[bytes]:
            yield from (b"a", b"", b"b")

        def close(self) -> None:
            closed.append(True)

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Stream()

    server = Server(app).run()

    assert [message.get("body") for message in server.sent] == [None, b"a", b"b", b""]
    assert closed == [True]


def test_write_sends_before_what_is_returned() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        return [b"b"]

    assert Server(app).run().body == b"ab"


def test_an_error_page_may_replace_a_response_that_has_not_begun() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())
        return [b"error page"]

    server = Server(app).run()

    assert server.sent[0]["status"] == 500


def test_an_error_after_the_response_has_begun_is_raised() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        try:
            raise ValueError("late")
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())

    with pytest.raises(ValueError, match="late"):
        Server(app).run()


@pytest.mark.parametrize("calls", [0, 2])
def test_start_response_is_called_once(calls: int) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        for _ in range(calls):
            start_response("200 OK", [])
        return [b""]

    with pytest.raises(RuntimeError, match="start_response"):
        Server(app).run()


def test_the_environ_is_as_frameworks_want_it() -> None:
    seen: dict[str, Any] = {}

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    Server(app, headers=((b"x-real-ip", b"1.1.1.1"), (b"x_real_ip", b"6.6.6.6"))).run()

    assert seen["wsgi.errors"] is sys.stderr
    assert seen["wsgi.input_terminated"] is True
    assert seen["HTTP_X_REAL_IP"] == "1.1.1.1"
    assert (seen["QUERY_STRING"], seen["SERVER_PROTOCOL"]) == ("q=1", "HTTP/1.1")


def test_an_endless_stream_ends_when_its_client_goes() -> None:
    closed = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    Server(app).run()

    assert closed == [True]


def test_a_response_the_server_refuses_frees_its_thread() -> None:
    class Refusing(Server):
        async def send(self, message: Message) -> None:
            raise RuntimeError("longer than Content-Length")

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield from [b"x"] * 100

    with pytest.raises(RuntimeError, match="longer"):
        Refusing(app).run()


def reading(read: Callable[[Body], Any], *messages: Message) -> Any:
    """What `read` makes of the body that comes in these messages."""
    result = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        result.append(read(environ["wsgi.input"]))
        start_response("200 OK", [])
        return []

    Server(app, *messages, method="POST", headers=((b"content-length", b"1"),)).run()
    return result[0] if result else None


PARTS = (body_message(b"one\ntw", True), body_message(b"o\n\nthr", True), body_message(b"ee"))


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda body: body.read(), b"one\ntwo\n\nthree"),
        (lambda body: body.read(None), b"one\ntwo\n\nthree"),
        (lambda body: [body.read(5), body.read(100), body.read(1)], [b"one\nt", b"wo\n\nthree", b""]),
        (lambda body: body.read(0), b""),
        (lambda body: list(body), [b"one\n", b"two\n", b"\n", b"three"]),
        (lambda body: body.readlines(), [b"one\n", b"two\n", b"\n", b"three"]),
        (lambda body: body.readlines(5), [b"one\n", b"two\n"]),
        (lambda body: [body.readline(2), body.readline(65536), body.readline()], [b"on", b"e\n", b"two\n"]),
    ],
)
def test_the_body_is_a_file(read: Callable[[Body], Any], expected: Any) -> None:
    assert reading(read, *PARTS) == expected


def test_a_body_that_breaks_off_is_not_taken_for_whole() -> None:
    assert reading(lambda body: body.read(), body_message(b"half", True), {"type": "http.disconnect"}) is None


def test_websockets_and_lifespan_are_answered() -> None:
    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])

    async def run(scope: str, *messages: str) -> None:
        waiting = list(messages)

        async def receive() -> Message:
            return {"type": waiting.pop(0)}

        await WSGIApp(lambda environ, start_response: [], threads=1)({"type": scope}, receive, send)

    asyncio.run(run("websocket", "websocket.connect"))
    asyncio.run(run("lifespan", "lifespan.startup", "lifespan.shutdown"))

    assert sent == ["websocket.close", "lifespan.startup.complete", "lifespan.shutdown.complete"]
