import pytest

from mainstay.web.sessions.blocking import drive
from mainstay.web.sessions.bound import Session, SyncSession
from mainstay.web.sessions.session import SessionGone
from tests.web.sessions.browser import run
from tests.web.sessions.visits import Site


def test_a_handler_lists_the_sessions_of_its_user_and_ends_all_but_this() -> None:
    async def work() -> None:
        site = Site()
        for _ in range(3):
            session = await site.open("")
            session.login("ann")
            await site.commit(session)
        session = await site.open()

        assert [info.current for info in await session.sessions_of()].count(True) == 1
        assert await session.end_sessions_of() == 2
        assert [info.current for info in await session.sessions_of()] == [True]
        (this,) = await session.sessions_of()
        assert await session.end_session(this.key)
        assert await session.sessions_of() == []

    run(work())


def test_a_session_without_a_user_has_no_list() -> None:
    async def work() -> None:
        with pytest.raises(ValueError, match=r"call session\.login"):
            await Session(Site().core).sessions_of()

    run(work())


def test_a_blocking_session_does_the_same() -> None:
    site = Site()
    session = SyncSession(site.core)
    session["a"] = 1
    session.login("ann")
    session.save()
    cookie = site.core.cookie(session)
    assert cookie is not None
    again = SyncSession(site.core)
    drive(site.core.load(again, [cookie.partition(";")[0].encode()]))
    again["a"] = 2
    again.save()

    session.reload()
    session.apply(lambda data: data.update(b=3))

    assert session.copy() == {"a": 2, "b": 3}
    assert [info.current for info in session.sessions_of()] == [True]
    assert session.end_sessions_of(keep_this=False) == 1
    with pytest.raises(SessionGone):
        session.reload()
    assert not session.end_session("no key")
