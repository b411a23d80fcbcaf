"""Blocking connections for threads."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.pooled import Connection, Pooled
from mainstay.web.sessions.stores.resp import encode
from mainstay.web.sessions.stores.wire import Garbled, Limits, TimedOut
from tests.web.sessions.stores.slow_server import SlowServer, echo


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.close()


def get(word: bytes) -> bytes:
    """A command."""
    return encode((b"GET", word))


def test_each_thread_gets_its_own_reply_and_no_more_connections_than_threads(slow: SlowServer) -> None:
    pool = Pooled(slow.server())
    words = [b"%d" % number for number in range(400)]

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda word: pool.call(get(word)), words))

    assert replies == words
    assert len(slow.connections) <= 8
    pool.close()


def test_silence_ends_in_time_and_the_late_reply_is_nobodys(slow: SlowServer) -> None:
    pool, gate = Pooled(slow.server(Limits(timeout=0.1))), threading.Event()

    def late(command: list[bytes]) -> bytes:
        gate.wait(10)
        return echo(command)

    pool.call(get(b"connected"))
    slow.answer = late
    begun = time.monotonic()
    with pytest.raises(TimedOut, match="did not answer within 100 ms"):
        pool.call(get(b"late"))
    took = time.monotonic() - begun
    gate.set()
    slow.answer = echo

    assert 0.1 <= took < 1.0
    assert pool.call(get(b"mine")) == b"mine"
    pool.close()


def test_whatever_goes_wrong_the_connection_is_not_used_again(
    slow: SlowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pooled(slow.server())
    pool.call(get(b"connected"))

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "_reply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.call(get(b"interrupted"))

    assert pool.call(get(b"mine")) == b"mine"
    assert len(slow.connections) == 2
    pool.close()


def test_a_connection_that_breaks_is_replaced_once(slow: SlowServer) -> None:
    pool = Pooled(slow.server())
    pool.call(get(b"connected"))
    slow.answer = lambda command: b"BYE" if len(slow.commands) == 2 else echo(command)

    assert pool.call(get(b"again")) == b"again"

    slow.answer = lambda _command: b"BYE"
    with pytest.raises(StoreError, match="closed the connection"):
        pool.call(get(b"x"))
    assert len(slow.commands) == 5
    pool.close()


@pytest.mark.parametrize("said", [b"HTTP/1.1 400\r\n", b":1\r\n:2\r\n"])
def test_nonsense_is_garbled(slow: SlowServer, said: bytes) -> None:
    pool = Pooled(slow.server())
    slow.answer = lambda _command: said

    with pytest.raises(Garbled):
        pool.call(get(b"x"))
    pool.close()


def test_an_unreachable_server_is_left_alone_for_a_moment(slow: SlowServer) -> None:
    pool = Pooled(slow.server())
    slow.close()

    with pytest.raises(StoreError, match=r"cannot reach Redis at 127\.0\.0\.1") as first:
        pool.call(get(b"x"))
    with pytest.raises(StoreError) as second:
        pool.call(get(b"x"))

    assert str(second.value) == str(first.value)
    assert second.value is not first.value
