import asyncio
import gc
import time
import weakref

import pytest

from mainstay.web.sessions.time_limit import TimeLimit
from tests.web.sessions.browser import run


async def _answer(value: int, after: float = 0.0) -> int:
    await asyncio.sleep(after)
    return value


async def _never() -> None:
    await asyncio.Event().wait()


def test_a_call_that_ends_in_time_is_left_alone() -> None:
    async def work() -> list[int]:
        limit = TimeLimit(5)
        return await asyncio.gather(*(limit.keep(_answer(number)) for number in range(100)))

    assert run(work()) == list(range(100))


def test_calls_that_hang_are_ended_each_in_its_time() -> None:
    async def work() -> list[float]:
        limit, ended = TimeLimit(0.05), []

        async def hang(after: float) -> None:
            await asyncio.sleep(after)
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await limit.keep(_never())
            ended.append(time.monotonic() - began)

        await asyncio.gather(hang(0), hang(0.02), hang(0.04), limit.keep(_answer(1, after=0.01)))
        return ended

    ended = run(work())
    assert len(ended) == 3
    assert all(0.049 < took < 2 for took in ended)


def test_an_error_of_the_call_comes_out() -> None:
    async def fails() -> None:
        raise KeyError("mine")

    async def work() -> None:
        with pytest.raises(KeyError, match="mine"):
            await TimeLimit(5).keep(fails())

    run(work())


def test_a_task_that_somebody_else_cancels_is_cancelled() -> None:
    async def work() -> None:
        task = asyncio.create_task(TimeLimit(5).keep(_never()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(work())


def test_a_task_that_somebody_cancels_as_its_time_is_up_is_cancelled() -> None:
    async def work() -> None:
        task = asyncio.create_task(TimeLimit(0.01).keep(_never()))
        await asyncio.sleep(0)
        cancel = task.cancel
        asyncio.get_running_loop().call_later(0.01, cancel)
        time.sleep(0.03)  # so that both are due in the same turn of the loop
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelling() == 1

    run(work())


def test_a_task_goes_on_after_a_timeout_and_may_be_cancelled_later() -> None:
    async def twice() -> str:
        limit = TimeLimit(0.01)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await limit.keep(_never())
        await asyncio.sleep(0)  # is not ended by what ended the calls
        return "went on"

    async def work() -> str:
        task = asyncio.create_task(twice())
        result = await task
        assert task.cancelling() == 0
        return result

    assert run(work()) == "went on"


def test_a_call_that_will_not_be_ended_leaves_no_trace() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "all the same"
        return ""

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        assert await TimeLimit(0.01).keep(stubborn()) == "all the same"
        assert task.cancelling() == 0
        await asyncio.sleep(0)

    run(work())


def test_it_works_in_one_loop_after_another_and_keeps_none() -> None:
    limit = TimeLimit(5)
    loops = []

    async def work() -> int:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        return await limit.keep(_answer(1))

    assert [run(work()) for _ in range(3)] == [1, 1, 1]
    gc.collect()
    assert [loop() for loop in loops[:2]] == [None, None]
