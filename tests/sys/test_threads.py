import sys
import time

import pytest

from mainstay.sys.threads import Event, Thread
from tests.waiting import until


def test_a_thread_runs_beside_us_and_can_be_waited_for() -> None:
    go = Event()
    done: list[str] = []
    thread = Thread(lambda: done.append("went on") if go.wait(30) else None)

    assert not thread.join(0.05)
    go.set()
    assert thread.join(30)
    assert thread.join(0)
    assert done == ["went on"]


def test_a_thread_that_fails_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda failure: reported.append(failure.exc_type))

    assert Thread(lambda: print(1 // 0)).join(30)
    assert until(lambda: reported == [ZeroDivisionError])


def test_an_event_is_waited_for_until_the_time_is_over() -> None:
    event = Event()
    start = time.monotonic()

    assert not event.wait(0.05)
    assert time.monotonic() >= start + 0.05


def test_all_who_wait_for_an_event_go_on() -> None:
    event = Event()
    went: list[bool] = []
    threads = [Thread(lambda: went.append(event.wait())) for _ in range(3)]
    until(lambda: len(event._waiting) == 3)

    event.set()

    assert all(thread.join(30) for thread in threads)
    assert went == [True, True, True]


def test_what_has_happened_is_not_waited_for_until_it_is_cleared() -> None:
    event = Event()
    event.set()
    event.set()

    assert event.is_set()
    assert event.wait(0)
    event.clear()
    assert not event.is_set()
    assert not event.wait(0)


def test_who_gives_up_waiting_is_forgotten() -> None:
    event = Event()
    event.wait(0)

    event.set()

    assert event._waiting == []
