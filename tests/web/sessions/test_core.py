"""What the core promises when requests of one session run at once, and what its lifetimes mean."""

import asyncio
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.web.sessions.bound import Session
from mainstay.web.sessions.config import configure
from mainstay.web.sessions.core import Core
from mainstay.web.sessions.session import SessionGone
from mainstay.web.sessions.store import Store
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import SECRET, run
from tests.web.sessions.failing import FailingStore

DAY = 86400.0


class Site:
    """A core with a clock of its own; each `open` is a request of one browser."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        self.now = 1_000_000.0
        memory = MemoryStore(clock=lambda: self.now)
        self.core = Core(memory if store is None else store, configure(SECRET, clock=lambda: self.now, **options))
        self.cookie = ""

    async def open(self, cookie: str | None = None) -> Session:
        session = Session(self.core)
        header = self.cookie if cookie is None else cookie
        if header:
            await self.core.load(session, [header.encode()])
        return session

    async def commit(self, session: Session) -> str | None:
        header = await self.core.commit(session)
        if header is not None:
            pair = header.partition(";")[0]
            self.cookie = "" if "Max-Age=0" in header else pair
        return header

    async def begin(self, **data: Any) -> Session:
        session = await self.open()
        session.update(data)
        await self.commit(session)
        return session

    async def data(self, cookie: str | None = None) -> dict[str, Any]:
        return (await self.open(cookie)).copy()


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


def test_reading_is_one_call_and_writing_one_more() -> None:
    async def work() -> None:
        store = FailingStore()
        site = Site(store)
        await site.begin(a=1)
        store.calls = 0

        session = await site.open()
        assert session["a"] == 1
        await site.commit(session)
        assert store.calls == 1

        session = await site.open()
        session["a"] = 2
        await site.commit(session)
        assert store.calls == 3

    run(work())


def test_reading_again_drops_what_was_changed_and_sees_what_others_did() -> None:
    async def work() -> None:
        site = Site()
        await site.begin(a=1)
        session, other = await site.open(), await site.open()
        session["a"] = "mine"
        other["a"] = "theirs"
        await site.commit(other)

        await session.reload()

        assert session.copy() == {"a": "theirs"}
        other.destroy()
        await site.commit(other)
        with pytest.raises(SessionGone, match="ended by another"):
            await session.reload()

    run(work())


def test_what_was_saved_at_once_is_not_written_again() -> None:
    async def work() -> None:
        store = FailingStore()
        site = Site(store)
        session = await site.open()
        session["a"] = 1
        await session.save()
        calls = store.calls

        header = await site.commit(session)

        assert header is not None
        assert store.calls == calls

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


_NAMES = st.sampled_from(["a", "b", "c"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(0, 2)),
        st.tuples(st.just("set"), st.integers(0, 2), _NAMES, st.integers(0, 5)),
        st.tuples(st.just("delete"), st.integers(0, 2), _NAMES),
        st.tuples(st.just("commit"), st.integers(0, 2)),
        st.tuples(st.just("destroy"), st.integers(0, 2)),
        st.tuples(st.just("regenerate"), st.integers(0, 2)),
    ),
    max_size=25,
)


@given(_STEPS)
@settings(max_examples=200, deadline=None)
def test_whatever_three_requests_do_in_whatever_order_the_last_word_on_each_key_counts(
    steps: list[tuple[Any, ...]],
) -> None:
    """Three requests of one browser against a model: the dictionary that is stored, None when the session has ended."""

    async def work() -> None:
        site = Site()
        await site.begin(a=0)
        model: dict[str, int] | None = {"a": 0}
        requests: list[Session | None] = [None, None, None]
        wishes: list[dict[str, int | None]] = [{}, {}, {}]
        generation, of_request = 0, [0, 0, 0]
        for step in steps:
            name, number = step[0], step[1]
            session = requests[number]
            if name == "open":
                requests[number] = await site.open()
                wishes[number], of_request[number] = {}, generation
                continue
            if session is None or of_request[number] != generation or model is None:
                continue  # what a request of a session that has moved or ended can do is told in the tests above
            if name == "set":
                session[step[2]] = step[3]
                wishes[number][step[2]] = step[3]
            elif name == "delete" and step[2] in session:
                del session[step[2]]
                wishes[number][step[2]] = None
            elif name == "commit":
                moves, read = session._move.value != "stay", session._found
                await site.commit(session)
                before = {} if read is None else _decoded(read)
                for key, value in wishes[number].items():
                    if value is None:
                        model.pop(key, None)
                    elif before.get(key) != value:
                        model[key] = value
                wishes[number] = {}
                if moves:
                    generation += 1
                    of_request[number] = generation
                if not session:
                    model, generation = None, generation + 1
                else:
                    assert session.copy().items() <= model.items()
            elif name == "destroy":
                session.destroy()
                await site.commit(session)
                model, generation = None, generation + 1
            elif name == "regenerate":
                session.regenerate()
            if name in ("commit", "destroy"):
                assert await site.data() == (model or {})

    run(work())


def _decoded(found: Any) -> dict[str, int]:
    from mainstay.web.sessions.codec import decode

    return decode(found.record.data)


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
