"""wrk sends as many requests as it is told, with each cookie in turn, and no wrong answer passes."""

import socket
import threading

import pytest

from benchmarks.contender import CannotServe
from benchmarks.wrk_counted import CONNECTIONS, send, understand
from tests.benchmarks.fake_server import BUSY, OK, FakeServer, always


class Noting:
    """Answers with `hi`, and notes the cookies it was sent."""

    def __init__(self) -> None:
        self.cookies: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket, _number: int) -> None:
        data = b""
        while piece := connection.recv(65536):
            data += piece
            while b"\r\n\r\n" in data:
                head, _, data = data.partition(b"\r\n\r\n")
                self._note(head.decode())
                connection.sendall(OK)

    def _note(self, head: str) -> None:
        with self._lock:
            self.cookies += [line.split(": ", 1)[1] for line in head.splitlines() if line.startswith("Cookie: ")]


def test_as_many_requests_are_sent_as_were_asked_for() -> None:
    noting = Noting()
    with FakeServer(noting) as server:
        answered = send(f"http://127.0.0.1:{server.port}/", 100, ["a=1", "b=2"], expected="hi")

    assert answered == 100
    assert 100 <= len(noting.cookies) < 100 + 2 * CONNECTIONS
    assert abs(noting.cookies.count("a=1") - noting.cookies.count("b=2")) <= 2 * CONNECTIONS


def test_without_cookies_none_is_sent() -> None:
    noting = Noting()
    with FakeServer(noting) as server:
        answered = send(f"http://127.0.0.1:{server.port}/", 20)

    assert answered == 20
    assert noting.cookies == []


@pytest.mark.parametrize(("answer", "expected"), [(BUSY, "*"), (OK, "ho")], ids=["not 200", "another body"])
def test_wrong_answers_are_refused(answer: bytes, expected: str) -> None:
    with FakeServer(always(answer)) as server, pytest.raises(CannotServe, match="not what was expected"):
        send(f"http://127.0.0.1:{server.port}/", 20, expected=expected)


def test_output_without_a_tally_is_refused() -> None:
    with pytest.raises(CannotServe, match="not all requests were answered: Running 120s test"):
        understand("Running 120s test @ http://127.0.0.1:1/\n")
