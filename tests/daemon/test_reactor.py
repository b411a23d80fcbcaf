import os
import socket
import time
from collections.abc import Iterator

import pytest

from mainstay.daemon.reactor import Reactor
from tests.daemon.turning import turned

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def soon() -> float:
    return time.monotonic() + 0.05


def test_a_descriptor_that_can_be_read_calls_until_it_is_forgotten(pair: Pair) -> None:
    reactor, calls = Reactor(), list[str]()
    reactor.read(pair[0].fileno(), lambda: calls.append("read"))
    reactor.wait(soon())
    assert calls == []

    pair[1].send(b"x")
    reactor.wait(None)
    reactor.wait(None)
    reactor.forget(pair[0].fileno())
    reactor.wait(soon())

    assert calls == ["read", "read"]


def test_the_other_side_going_away_counts_as_something_to_read(pair: Pair) -> None:
    reactor, calls = Reactor(), list[str]()
    reactor.read(pair[0].fileno(), lambda: calls.append("read"))

    pair[1].close()
    reactor.wait(None)

    assert calls == ["read"]


def test_a_descriptor_that_can_be_written_calls_until_none_is_given(pair: Pair) -> None:
    reactor, calls = Reactor(), list[str]()
    fd = pair[0].fileno()
    reactor.write(fd, lambda: calls.append("write"))
    reactor.wait(None)

    reactor.write(fd, None)
    reactor.wait(soon())
    reactor.write(fd, None)
    reactor.read(fd, lambda: calls.append("read"))
    pair[1].send(b"x")
    reactor.wait(None)

    assert calls == ["write", "read"]


def test_one_descriptor_is_read_and_written(pair: Pair) -> None:
    reactor, calls = Reactor(), list[str]()
    reactor.read(pair[0].fileno(), lambda: calls.append("read"))
    reactor.write(pair[0].fileno(), lambda: calls.append("write"))
    pair[1].send(b"x")

    reactor.wait(None)

    assert calls == ["write", "read"]


def test_a_callback_that_forgets_another_descriptor_of_the_same_batch_is_obeyed() -> None:
    reactor, calls = Reactor(), list[int]()
    pairs = [socket.socketpair() for _ in range(2)]
    fds = [ours.fileno() for ours, _ in pairs]

    def called(index: int) -> None:
        calls.append(index)
        reactor.forget(fds[1 - index])

    for index, (_, theirs) in enumerate(pairs):
        reactor.read(fds[index], lambda index=index: called(index))  # type: ignore[misc]
        theirs.send(b"x")
    reactor.wait(None)

    assert len(calls) == 1
    for one in pairs:
        one[0].close()
        one[1].close()


def test_an_old_event_does_not_reach_a_new_descriptor_of_the_same_number() -> None:
    reactor, calls = Reactor(), list[str]()
    pairs = [socket.socketpair() for _ in range(2)]
    fds = [ours.fileno() for ours, _ in pairs]
    quiet_read, quiet_write = os.pipe()

    def called(index: int) -> None:
        calls.append("old")
        other = fds[1 - index]
        reactor.forget(other)
        os.dup2(quiet_read, other)
        reactor.read(other, lambda: calls.append("new"))

    for index, (_, theirs) in enumerate(pairs):
        reactor.read(fds[index], lambda index=index: called(index))  # type: ignore[misc]
        theirs.send(b"x")
    reactor.wait(None)

    assert calls == ["old"]
    for one in pairs:
        one[0].close()
        one[1].close()
    os.close(quiet_read)
    os.close(quiet_write)


def test_a_writer_that_forgets_its_descriptor_is_not_read_any_more(pair: Pair) -> None:
    reactor, calls = Reactor(), list[str]()
    reactor.read(pair[0].fileno(), lambda: calls.append("read"))
    reactor.write(pair[0].fileno(), lambda: reactor.forget(pair[0].fileno()))
    pair[1].send(b"x")

    reactor.wait(None)
    reactor.wait(soon())

    assert calls == []


def test_a_paused_descriptor_calls_again_after_its_pause(pair: Pair) -> None:
    reactor, calls = Reactor(), list[float]()
    reactor.read(pair[0].fileno(), lambda: calls.append(time.monotonic()))
    pair[1].send(b"x")
    paused = time.monotonic()

    reactor.pause(pair[0].fileno(), 0.1)
    reactor.pause(pair[0].fileno(), 0.1)
    turned(reactor, lambda: calls)

    assert calls[0] - paused >= 0.1


def test_a_descriptor_forgotten_in_its_pause_stays_forgotten(pair: Pair) -> None:
    reactor, calls, ended = Reactor(), list[str](), list[str]()
    reactor.read(pair[0].fileno(), lambda: calls.append("read"))
    pair[1].send(b"x")

    reactor.pause(pair[0].fileno(), 0.01)
    reactor.forget(pair[0].fileno())
    reactor.later(0.05, lambda: ended.append("ended"))
    turned(reactor, lambda: ended)

    assert calls == []


def test_calls_for_later_come_in_the_order_of_their_times_and_not_before() -> None:
    reactor, calls = Reactor(), list[tuple[str, float]]()
    began = time.monotonic()
    for name, seconds in (("second", 0.06), ("first", 0.02), ("third", 0.06)):
        reactor.later(seconds, lambda name=name: calls.append((name, time.monotonic() - began)))  # type: ignore[misc]

    turned(reactor, lambda: len(calls) == 3)

    assert [name for name, _ in calls] == ["first", "second", "third"]
    assert calls[0][1] >= 0.02
    assert calls[2][1] >= 0.06


def test_a_wait_ends_at_its_deadline_and_not_before() -> None:
    reactor = Reactor()
    deadline = time.monotonic() + 0.03

    reactor.wait(deadline)

    assert time.monotonic() >= deadline


@pytest.mark.parametrize("seconds", [1e7, 1e12, float("inf")])
def test_a_deadline_farther_than_epoll_can_count_is_no_error(pair: Pair, seconds: float) -> None:
    reactor, calls = Reactor(), list[str]()
    reactor.read(pair[0].fileno(), lambda: calls.append("read"))
    pair[1].send(b"x")

    reactor.wait(time.monotonic() + seconds)

    assert calls == ["read"]


def test_what_callbacks_hear_of_happened_before_the_turn(pair: Pair) -> None:
    reactor, calls = Reactor(), list[float]()
    reactor.read(pair[0].fileno(), lambda: calls.append(reactor.turned))
    pair[1].send(b"x")
    sent = time.monotonic()

    reactor.wait(None)

    assert sent <= calls[0] <= time.monotonic()


def test_a_callback_that_fails_is_reported_and_the_others_are_called() -> None:
    failures: list[Exception] = []
    called: list[str] = []
    reactor = Reactor(failures.append)
    reactor.later(0.0, lambda: called.append(str(1 // 0)))
    reactor.later(0.0, lambda: called.append("next"))

    reactor.wait(time.monotonic() + 10)

    assert called == ["next"]
    assert isinstance(failures[0], ZeroDivisionError)
