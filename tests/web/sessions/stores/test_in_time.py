"""Calls that block, with a time limit."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.in_time import InTime
from tests.waiting import until


def threads() -> set[threading.Thread]:
    """The threads of ours that there are: those of another test may still be ending."""
    return {thread for thread in threading.enumerate() if thread.name == "mainstay-sessions"}


def test_what_work_returns_or_raises_comes_back() -> None:
    in_time = InTime(2)

    assert in_time.run(lambda: 7, 10) == 7
    with pytest.raises(ZeroDivisionError):
        in_time.run(lambda: 1 // 0, 10)
    in_time.close()


def test_whoever_waits_too_long_goes_on_and_the_thread_is_used_again_later() -> None:
    in_time, gate = InTime(1), threading.Event()
    before = threads()

    with pytest.raises(TimeoutError):
        in_time.run(gate.wait, 0.01)
    with pytest.raises(StoreError, match="1 statements have not ended"):
        in_time.run(lambda: 7, 10)
    gate.set()

    assert until(lambda: _tried(in_time), 10) == 7
    assert len(threads() - before) == 1
    in_time.close()
    until(lambda: not threads() - before, 10)


def _tried(in_time: InTime) -> int:
    try:
        return in_time.run(lambda: 7, 10)
    except StoreError:
        return 0


def test_one_after_the_other_needs_one_thread() -> None:
    in_time, before = InTime(8), threads()

    for _ in range(100):
        in_time.run(lambda: None, 10)

    assert len(threads() - before) == 1
    in_time.close()


def test_many_callers_get_each_their_own_answer() -> None:
    in_time = InTime(8)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: in_time.run(lambda: number * 2, 10), range(200)))

    assert answers == [number * 2 for number in range(200)]
    in_time.close()


def test_a_forked_child_makes_threads_of_its_own() -> None:
    in_time = InTime(1)
    in_time.run(lambda: 7, 10)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if in_time.run(lambda: 8, 10) == 8 else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    in_time.close()
