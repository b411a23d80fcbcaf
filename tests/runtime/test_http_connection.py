"""Our HTTP protocol, beside uvicorn's own of the same parser where the two must not differ."""

# An app takes what its interface gives it, needed or not.
# ruff: noqa: ARG001

import asyncio
import gc
import threading
import weakref
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from websockets.sync.client import connect as connect_websocket

from mainstay.runtime.http_connection import HttpConnection
from mainstay.runtime.shared import Shared
from tests.runtime.wire import read_to_end, serving
from tests.waiting import until

# Sent slowly these are refused, or answered and closed, before their end: what comes back depends on who is faster.
RACES = ("after the last", "garbage", "garbage after a request", "not ASCII", "two lengths")
CLOSE = b"Connection: close\r\n\r\n"
REQUESTS = {
    "plain": b"GET / HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "query": b"GET /a/b?c=d&e HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "empty query": b"GET /a? HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "two question marks": b"GET /a?b?c HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "percent": b"GET /caf%C3%A9%2Fau?l=%20 HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "fragment": b"GET /a?b#c HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "two slashes": b"GET //a/b HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "absolute": b"GET http://x:80/a?b HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "star": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "connect": b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "head": b"HEAD / HTTP/1.1\r\nHost: x\r\n" + CLOSE,
    "1.0": b"GET / HTTP/1.0\r\n\r\n",
    "1.0, keep-alive": b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "headers": b"GET / HTTP/1.1\r\nHost: x\r\nX-A:  b \r\nx-a: c\r\nCookie: a=b; c=d\r\n" + CLOSE,
    "body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" + CLOSE + b"hello",
    "chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    + CLOSE
    + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "expect": b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + CLOSE + b"hi",
    "forwarded": b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n" + CLOSE,
    "other upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: h2c\r\n\r\n",
    "in a row": b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n"
    + CLOSE,
    "bodies in a row": b"POST /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n"
    + CLOSE
    + b"you",
    "after the last": b"GET /1 HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
    "garbage": b"no request at all\r\n\r\n",
    "garbage after a request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\nno request at all\r\n\r\n",
    "not ASCII": "GET /é HTTP/1.1\r\nHost: x\r\n".encode() + CLOSE,
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + CLOSE + b"hi",
}


def uvicorns(shared: Shared) -> Any:
    """uvicorn's own protocol, in the place of ours."""
    return HttpToolsProtocol(config=shared.config, server_state=shared, app_state=shared.state, _loop=shared.loop)


class Recorder:
    """An app that remembers what it was given, and answers with the body and how it was told."""

    def __init__(self, *, known: bool) -> None:
        self.known = known  # whether the length of the response is said
        self.scopes: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append({**scope, "client": scope["client"][0], "server": scope["server"][0]})
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        headers = [(b"Content-Type", b"text/plain"), (b"x-empty", b"")]
        headers += [(b"content-length", b"%d" % len(body))] if self.known else []
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        half = len(body) // 2
        await send({"type": "http.response.body", "body": body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": body[half:]})


def assert_same(known: bool, *pieces: bytes) -> None:
    ours, theirs = Recorder(known=known), Recorder(known=known)
    with serving(ours) as server:
        answer = server.exchange(*pieces)
    with serving(theirs, uvicorns) as server:
        expected = server.exchange(*pieces)

    assert answer == expected
    assert ours.scopes == theirs.scopes


@pytest.mark.parametrize("known", [True, False], ids=["length", "chunked"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_answered_exactly_as_by_uvicorn(name: str, known: bool) -> None:
    assert_same(known, REQUESTS[name])


@pytest.mark.parametrize("name", [name for name in REQUESTS if name not in RACES])
def test_so_is_one_that_comes_byte_by_byte(name: str) -> None:
    assert_same(True, *(bytes([byte]) for byte in REQUESTS[name]))


def test_nobody_is_believed_who_the_client_is() -> None:
    recorder = Recorder(known=True)
    with serving(recorder) as server:
        server.exchange(REQUESTS["forwarded"])

    assert [(scope["client"], scope["scheme"]) for scope in recorder.scopes] == [("127.0.0.1", "http")]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    headers = [(b"content-length", dict(scope["headers"])[b"content-length"])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await send({"type": "http.response.body", "body": message["body"], "more_body": more})


def test_megabytes_go_both_ways() -> None:
    body = bytes(range(256)) * 20_000
    with serving(echo) as server, server.connect() as client:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body)
        sender = threading.Thread(target=lambda: client.sendall(head + CLOSE + body))
        sender.start()
        answer = read_to_end(client)
        sender.join()

    assert answer.partition(b"\r\n\r\n")[2] == body


def test_an_app_is_held_up_by_a_client_that_does_not_read() -> None:
    sent = 0

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 20_000, "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b""})

    with serving(endless) as server, server.connect() as client:
        client.sendall(REQUESTS["plain"])
        until(lambda: any(connection.is_full for connection in server.shared.connections))  # type: ignore[union-attr]
        stopped_at = sent
        received = len(read_to_end(client))

    assert stopped_at < 1000
    assert received > 20_000_000


def test_a_client_is_held_up_by_an_app_that_does_not_read() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(3600)

    with serving(app) as server, server.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.sendall(b"x" * 100_000_000)


@pytest.mark.parametrize("announced", [True, False], ids=["while it answers", "while it waits"])
def test_an_app_is_told_that_its_client_has_gone(announced: bool) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if announced:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            message = await receive()
            seen.append(message["type"])
            if message["type"] == "http.disconnect":
                await send({"type": "http.response.body", "body": b"for nobody"})
                return

    with serving(app) as server:
        with server.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: seen)

        until(lambda: not server.shared.tasks)
    assert seen == ["http.request", "http.disconnect"]


def test_100_continue_is_sent_when_the_app_asks_for_the_body() -> None:
    with serving(Recorder(known=True)) as server, server.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + CLOSE)
        interim = client.recv(65536)
        client.sendall(b"hi")
        answer = read_to_end(client)

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.endswith(b"\r\n\r\nhi")


def test_what_is_asked_for_in_a_row_waits_its_turn() -> None:
    running: list[str] = []
    most = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal most
        running.append(scope["path"])
        most = max(most, len(running))
        await asyncio.sleep(0.01)
        running.remove(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    with serving(app) as server:
        answer = server.exchange(REQUESTS["in a row"])

    assert [part[-2:] for part in answer.split(b"HTTP/1.1 200 OK")[1:]] == [b"/1", b"/2", b"/3"]
    assert most == 1


def test_a_connection_idles_when_a_body_that_nobody_wanted_has_ended() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with serving(app) as server, server.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 204")
        (connection,) = server.shared.connections
        client.sendall(b"ab")
        until(lambda: connection.answered_at is None)  # type: ignore[union-attr]
        client.sendall(b"cd")
        until(lambda: connection.answered_at is not None)  # type: ignore[union-attr]
        client.sendall(REQUESTS["plain"])

        assert read_to_end(client).startswith(b"HTTP/1.1 204")


def test_a_websocket_is_uvicorns() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (scope["type"], scope["path"], scope["query_string"]) == ("websocket", "/a", b"b=c")
        assert scope["state"] == {"word": "kept"}
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"].upper()})
        await receive()

    with serving(app) as server, connect_websocket(f"ws://127.0.0.1:{server.port}/a?b=c") as client:
        client.send("hello")

        assert client.recv() == "HELLO"


def test_a_connection_is_freed_without_the_garbage_collector() -> None:
    with serving(Recorder(known=True)) as server, server.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 201")
        (connection,) = server.shared.connections
        reference = weakref.ref(connection)
        del connection
        gc.disable()
        try:
            client.close()
            until(lambda: reference() is None)
        finally:
            gc.enable()


@pytest.mark.parametrize("make", [HttpConnection, uvicorns])
def test_each_request_that_was_answered_counts_once(make: Any) -> None:
    with serving(Recorder(known=True), make) as server:
        server.exchange(REQUESTS["plain"])
        server.exchange(REQUESTS["in a row"])
        counted = server.shared.total_requests

    assert counted == 4
