import asyncio
import logging
from collections.abc import Awaitable

import pytest

from mainstay.web.sessions.conformance import StoreConformance, new_key
from mainstay.web.sessions.guard import FIRST_PAUSE, TOLERATED, Guard
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import run
from tests.web.sessions.failing import FailingStore


class TestConformance(StoreConformance):
    shortest = 0.03
    store = MemoryStore()

    def make_store(self) -> Guard:
        return Guard(self.store, timeout=5)


class Site:
    def __init__(self) -> None:
        self.now = 0.0
        self.store = FailingStore()
        self.guard = Guard(self.store, timeout=5, clock=lambda: self.now)

    async def fails(self, call: Awaitable[object] | None = None) -> str:
        with pytest.raises(StoreError) as failed:
            await (self.guard.get(new_key()) if call is None else call)
        return str(failed.value)


def test_after_some_failures_the_store_is_left_alone_for_a_moment() -> None:
    async def work() -> None:
        site = Site()
        site.store.down = True
        for _ in range(TOLERATED):
            await site.fails()

        assert "not asked for a moment" in await site.fails()
        assert site.store.calls == TOLERATED

    run(work())


def test_then_one_call_looks_whether_it_works_again() -> None:
    async def work() -> None:
        site = Site()
        site.store.down = True
        for _ in range(TOLERATED):
            await site.fails()
        site.now += FIRST_PAUSE
        site.store.calls = 0
        await asyncio.gather(*(site.fails() for _ in range(5)))
        assert site.store.calls == 1

        site.store.down = False
        site.now += 100
        assert await site.guard.get(new_key()) is None
        assert await site.guard.get(new_key()) is None

    run(work())


def test_it_is_logged_when_it_begins_to_fail_and_when_it_works_again(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        site = Site()
        for down in (True, False):
            site.store.down = down
            for _ in range(20):
                site.now += 100
                try:
                    await site.guard.get(new_key())
                except StoreError:
                    continue

    with caplog.at_level(logging.INFO):
        run(work())

    assert [record.getMessage() for record in caplog.records] == [
        "the session store cannot be used: connection refused",
        "the session store works again, after 20 failed calls",
    ]


def test_a_call_that_hangs_is_ended() -> None:
    async def work() -> str:
        site = Site()
        site.store.hangs = True
        site.guard = Guard(site.store, timeout=0.02)
        return await site.fails(site.guard.put(new_key(), b"", 1, None))

    assert run(work()) == "it did not answer within 0.02 s"


def test_a_foreign_exception_is_a_store_error_too() -> None:
    async def work() -> str:
        site = Site()
        site.store.foreign = ConnectionResetError("by peer")
        return await site.fails()

    assert run(work()) == "ConnectionResetError: by peer"


def test_a_request_that_is_cancelled_is_no_failure_of_the_store() -> None:
    async def work() -> None:
        site = Site()
        site.store.hangs = True
        task = asyncio.create_task(site.guard.get(new_key()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert repr(site.guard).endswith("failures=0)")

    run(work())
