"""What a request costs, and what it sees of the session."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.web.sessions.bound import Session
from mainstay.web.sessions.session import SessionGone
from tests.web.sessions.browser import run
from tests.web.sessions.failing import FailingStore
from tests.web.sessions.visits import Site


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


def test_a_session_with_values_of_other_types_is_not_written_when_it_is_read() -> None:
    async def work() -> None:
        store = FailingStore()
        site = Site(store)
        await site.begin(a=(1, {2, 3}))
        store.calls = 0

        session = await site.open()
        assert session["a"] == (1, {2, 3})
        await site.commit(session)

        assert store.calls == 1

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
