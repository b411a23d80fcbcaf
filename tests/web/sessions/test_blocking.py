import asyncio

import pytest

from mainstay.web.sessions.blocking import drive


async def _answer(of: int) -> int:
    return of * 2


async def _through(of: int) -> int:
    return await _answer(of) + 1


async def _fails() -> None:
    raise KeyError("mine")


def test_work_that_does_not_wait_is_driven_to_its_result() -> None:
    assert drive(_through(20)) == 41


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(KeyError, match="mine"):
        drive(_fails())


def test_work_that_waits_for_a_loop_is_refused() -> None:
    with pytest.raises(RuntimeError, match="asynchronous"):
        drive(asyncio.sleep(0))
