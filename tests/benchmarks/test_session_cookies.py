"""A session is begun beside the measured path, and its counter read there."""

import socket

import pytest

from benchmarks.contender import CannotServe
from benchmarks.session_cookies import count_of, log_in
from tests.benchmarks.fake_server import OK, FakeServer, always


def answering(expected: bytes, headers: bytes, body: bytes) -> FakeServer:
    """A server that answers one kind of request so, and every other with 503."""

    def conduct(connection: socket.socket, _number: int) -> None:
        asked = connection.recv(65536)
        status = b"200 OK" if expected in asked else b"503 Unexpected"
        head = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n" % (status, len(body))
        connection.sendall(head + headers + b"\r\n" + body)

    return FakeServer(conduct)


def test_the_cookie_of_a_login_is_what_a_browser_sends_back() -> None:
    with answering(b"GET /both/login ", b"Set-Cookie: sid=s%3Aabc.d; Path=/; HttpOnly\r\n", b"1") as server:
        assert log_in(server.port, "/both/write") == "sid=s%3Aabc.d"


def test_a_login_without_a_cookie_is_refused() -> None:
    with answering(b"GET /login ", b"", b"1") as server, pytest.raises(CannotServe, match="0 cookies"):
        log_in(server.port, "/read")


def test_the_counter_is_read_with_the_cookie() -> None:
    with answering(b"Cookie: sid=abc\r\n", b"", b"17") as server:
        assert count_of(server.port, "/write", "sid=abc") == 17


def test_no_answer_is_told_as_such() -> None:
    with FakeServer(always(OK)) as server:
        port = server.port

    with pytest.raises(CannotServe, match="GET /read"):
        count_of(port, "/write", "sid=abc")
