"""What is kept when requests of one session run at once."""

import asyncio
import random
from collections.abc import Iterable
from typing import Any

import pytest

from mainstay.web.sessions.session import SessionGone
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import run
from tests.web.sessions.failing import FailingStore
from tests.web.sessions.visits import Site


def test_requests_at_once_each_keep_what_they_set() -> None:
    async def work() -> None:
        site = Site(FailingStore())
        await site.begin(start=True)

        async def request(number: int) -> None:
            session = await site.open()
            await asyncio.sleep(0)
            session[f"key {number}"] = number
            await site.core.commit(session)

        await asyncio.gather(*(request(number) for number in range(60)))

        assert await site.data() == {"start": True, **{f"key {number}": number for number in range(60)}}

    run(work())


def _add_one(data: dict[str, Any]) -> None:
    data["n"] = data.get("n", 0) + 1


def test_requests_at_once_count_each_when_they_count_in_one_step() -> None:
    async def work() -> None:
        site = Site(FailingStore())
        await site.begin(start=True)

        async def request() -> None:
            session = await site.open()
            await asyncio.sleep(0)
            await session.apply(_add_one)

        await asyncio.gather(*(request() for _ in range(60)))

        assert await site.data() == {"start": True, "n": 60}

    run(work())


def test_a_step_sees_what_was_changed_before_and_begins_a_session_where_there_is_none() -> None:
    async def work() -> None:
        site = Site()
        session = await site.open()
        await session.apply(_add_one)
        session["n"] = 10
        await session.apply(_add_one)
        await site.commit(session)

        assert session["n"] == 11
        assert await site.data() == {"n": 11}

    run(work())


def test_a_step_in_a_session_that_was_ended_fails() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(n=1)
        cookie = site.cookie
        slow, logout = await site.open(), await site.open()
        logout.logout()
        await site.commit(logout)

        with pytest.raises(SessionGone):
            await slow.apply(_add_one)

        assert await site.data(cookie) == {}

    run(work())


def test_what_one_request_removed_stays_removed_and_what_another_set_is_kept() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(a=1, b=2, c=3)
        first, second = await site.open(), await site.open()
        del first["a"]
        first["b"] = 20
        second["c"] = 30
        await site.commit(second)

        await site.commit(first)

        assert await site.data() == {"b": 20, "c": 30}
        assert first.copy() == {"b": 20, "c": 30}

    run(work())


def test_a_request_that_ends_after_a_logout_brings_nothing_back() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(a=1)
        cookie = site.cookie
        slow, logout = await site.open(), await site.open()
        slow["b"] = 2
        logout.logout()
        await site.commit(logout)

        header = await site.commit(slow)

        assert header is None
        assert await site.data(cookie) == {}
        assert slow.copy() == {}

    run(work())


@pytest.mark.parametrize("keep", [True, False])
def test_a_new_id_that_is_asked_for_after_a_logout_brings_back_nothing_of_the_old(keep: bool) -> None:
    async def work() -> None:
        site = Site()
        await site.begin(secret=1)
        slow, logout = await site.open(), await site.open()
        slow.regenerate(keep=keep)
        logout.logout()
        await site.commit(logout)

        await site.commit(slow)

        assert site.cookie == ""
        assert isinstance(site.core.store.store, MemoryStore)
        assert len(site.core.store.store) == 0

    run(work())


def test_a_login_counts_also_where_the_anonymous_session_is_gone() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(cart=["book"])
        login, logout = await site.open(), await site.open()
        login["theme"] = "dark"
        login.login("ann")
        logout.logout()
        await site.core.commit(logout)

        await site.commit(login)

        session = await site.open()
        assert session.user == "ann"
        assert session.copy() == {"theme": "dark"}

    run(work())


def test_a_new_id_takes_along_what_another_request_wrote_meanwhile() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(a=1)
        mover, writer = await site.open(), await site.open()
        mover.login("ann")
        mover["b"] = 2
        writer["c"] = 3
        await site.commit(writer)

        await site.commit(mover)

        assert await site.data() == {"a": 1, "b": 2, "c": 3}

    run(work())


def test_a_request_with_the_old_id_writes_nowhere_after_the_session_has_moved() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(a=1)
        mover, late = await site.open(), await site.open()
        mover.regenerate()
        await site.commit(mover)
        late["b"] = 2

        header = await site.core.commit(late)

        assert header is None
        assert await site.data() == {"a": 1}

    run(work())


def test_another_user_gets_nothing_of_the_one_before() -> None:
    async def work() -> None:
        site = Site()
        session = await site.begin(cart=["book"])
        session = await site.open()
        session.login("ann")
        await site.commit(session)
        session = await site.open()
        assert session["cart"] == ["book"]

        session.login("bob")
        await site.commit(session)

        session = await site.open()
        assert (session.user, session.copy()) == ("bob", {})

    run(work())


def test_of_many_racing_requests_a_logout_wins() -> None:
    async def work(seed: int) -> None:
        store, dice = FailingStore(), random.Random(seed)
        site = Site(store)
        await site.begin(start=1)
        cookie = site.cookie

        async def wander() -> None:
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)

        async def write(number: int) -> None:
            await wander()
            session = await site.open(cookie)
            await wander()
            session[f"{number}"] = number
            await site.core.commit(session)

        async def logout() -> None:
            await wander()
            session = await site.open(cookie)
            await wander()
            session.logout()
            await site.core.commit(session)

        await asyncio.gather(*_shuffled(dice, [*(write(number) for number in range(20)), logout()]))

        assert await site.data(cookie) == {}

    for seed in range(20):
        run(work(seed))


def _shuffled(dice: random.Random, tasks: Iterable[Any]) -> list[Any]:
    ordered = list(tasks)
    dice.shuffle(ordered)
    return ordered
