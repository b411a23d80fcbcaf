"""How long sessions live, and what is taken for none."""

import pytest

from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import run
from tests.web.sessions.visits import Site

DAY = 86400.0


def test_an_idle_session_ends() -> None:
    async def work() -> None:
        site = Site(idle=100, absolute=None)
        await site.begin(a=1)
        for _ in range(5):
            site.now += 90
            assert await site.data() == {"a": 1}
            await site.commit(await site.open())

        site.now += 101

        assert await site.data() == {}

    run(work())


def test_a_session_ends_when_its_time_is_over_however_much_it_is_used() -> None:
    async def work() -> None:
        site = Site(idle=100, absolute=250)
        await site.begin(a=1)
        for _ in range(4):
            site.now += 60
            await site.commit(await site.open())
        assert await site.data() == {"a": 1}

        site.now += 20

        assert await site.data() == {}

    run(work())


def test_the_record_says_that_a_session_is_over_when_the_store_forgets_to() -> None:
    async def work() -> None:
        site = Site(MemoryStore(clock=lambda: 0.0), idle=100, absolute=1000)
        await site.begin(a=1)

        site.now += 100 * 9 / 8 + 1

        assert await site.data() == {}

    run(work())


def test_a_session_may_have_lifetimes_of_its_own() -> None:
    async def work() -> None:
        site = Site(idle=100, absolute=200)
        session = await site.open()
        session.login("ann", idle=10 * DAY, absolute=30 * DAY)
        header = await site.commit(session)
        assert header is not None
        assert f"Max-Age={30 * 86400}" in header
        for _ in range(3):
            site.now += 9 * DAY
            session = await site.open()
            assert session.user == "ann"
            await site.commit(session)

        site.now += 3.1 * DAY

        assert (await site.open()).user is None

    run(work())


def test_an_id_that_tells_another_lifetime_is_none_of_ours() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(a=1)
        name, _, value = site.cookie.partition("=")
        id_, _, signature = value.partition(".")

        assert await site.data(f"{name}={id_}~999999.{signature}") == {}

    run(work())


def test_a_login_counts_its_absolute_lifetime_from_then_and_a_new_id_does_not() -> None:
    async def work() -> None:
        site = Site(idle=None, absolute=100)
        await site.begin(a=1)
        site.now += 60
        session = await site.open()
        session.regenerate()
        await site.commit(session)
        site.now += 30
        assert await site.data() == {"a": 1}
        session = await site.open()
        session.login("ann")
        await site.commit(session)

        site.now += 90
        assert await site.data() == {"a": 1}
        site.now += 20
        assert await site.data() == {}

    run(work())


def test_a_damaged_or_later_record_is_taken_for_none(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        site = Site()
        session = await site.begin(a=1)
        assert session._found is not None
        store, found = site.core.store, session._found
        version = await store.put(found.key, b"\x09later", 60, found.version)
        assert await site.data() == {}
        await store.put(found.key, b"\x01broken", 60, version)

        assert await site.data() == {}

    run(work())
    assert "format 09" in caplog.text
