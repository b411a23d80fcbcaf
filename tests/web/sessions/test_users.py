from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mainstay.web.sessions import end_session, end_sessions_of, sessions_of
from mainstay.web.sessions.store import Store
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import run
from tests.web.sessions.failing import FailingStore
from tests.web.sessions.visits import Site


async def _login(site: Site, user: str, **data: object) -> str:
    session = await site.open("")
    session.update(data)
    session.login(user)
    await site.commit(session)
    return site.cookie


def test_the_sessions_of_a_user_are_listed_the_last_used_first() -> None:
    async def work() -> None:
        site = Site()
        await _login(site, "ann", device="phone")
        site.now += 60
        await _login(site, "ann", device="desk")
        await _login(site, "bob")

        listed = await sessions_of(site.core.store, "ann")

        assert [(info.data["device"], info.created) for info in listed] == [
            ("desk", site.now),
            ("phone", site.now - 60),
        ]
        assert "desk" not in repr(listed)

    run(work())


def test_all_sessions_of_a_user_are_ended_and_nobody_elses() -> None:
    async def work() -> None:
        site = Site()
        phone, desk = await _login(site, "ann"), await _login(site, "ann")
        bobs = await _login(site, "bob")

        ended = await end_sessions_of(site.core.store, "ann")

        assert ended == 2
        assert [(await site.open(cookie)).user for cookie in (phone, desk, bobs)] == [None, None, "bob"]
        assert await sessions_of(site.core.store, "ann") == []

    run(work())


def test_ending_all_asks_for_the_list_twice_however_many_there_are() -> None:
    async def work() -> None:
        store = FailingStore()
        site = Site(store)
        for _ in range(3):
            await _login(site, "ann")
        store.calls = 0

        await end_sessions_of(site.core.store, "ann")

        assert store.calls == 2 + 3 * 2

    run(work())


def test_one_session_is_ended_by_its_key_but_not_by_another_user() -> None:
    async def work() -> None:
        site = Site()
        phone = await _login(site, "ann")
        (info,) = await sessions_of(site.core.store, "ann")

        assert not await end_session(site.core.store, "bob", info.key)
        assert (await site.open(phone)).user == "ann"
        assert await end_session(site.core.store, "ann", info.key)
        assert (await site.open(phone)).user is None

    run(work())


def test_a_session_that_has_ended_is_in_no_list() -> None:
    async def work() -> None:
        site = Site(idle=10, absolute=1000)
        await _login(site, "ann")
        site.now += 100

        assert await sessions_of(site.core.store, "ann") == []
        assert await site.core.store.linked("ann") == []

    run(work())


class _Watched:
    """A store that lets somebody else do something before each of its calls."""

    def __init__(self, store: Store, between: Callable[[int], Awaitable[None]]) -> None:
        self._store = store
        self._between = between
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: object) -> object:
            await self._between(self._calls)
            self._calls += 1
            return await getattr(self._store, name)(*arguments)

        return call


@pytest.mark.parametrize("moment", range(6))
def test_a_session_that_gets_another_id_meanwhile_is_ended_too(moment: int) -> None:
    """At whatever moment of the change of the id all sessions are ended, none is left."""

    async def work() -> None:
        memory = MemoryStore()
        site = Site(memory)
        cookie = await _login(site, "ann")
        mover = await site.open(cookie)
        mover.regenerate()

        async def end_all(calls: int) -> None:
            if calls == moment:
                await end_sessions_of(memory, "ann")

        site.core.store.store = _Watched(memory, end_all)
        await site.commit(mover)
        await end_all(moment) if moment == 5 else None

        site.core.store.store = memory
        assert (await site.open(cookie)).user is None
        assert (await site.open(site.cookie)).user is None
        assert await sessions_of(memory, "ann") == []

    run(work())
