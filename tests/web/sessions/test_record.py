import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.record import LONGEST_COOKIE, TOMBSTONE, Lifetimes, Record, Unreadable, pack, unpack


def _record(created: float = 0, renewed: float = 0, idle: float | None = None, absolute: float | None = None) -> Record:
    return Record(created, renewed, idle, absolute, "ann", b"\x80")


def test_a_record_comes_back_from_the_store() -> None:
    record = _record(1.5, 2.5, 3, None)

    assert unpack(pack(record)) == record


def test_a_session_that_moved_away_is_none() -> None:
    assert unpack(TOMBSTONE) is None


@given(st.binary().filter(lambda value: value[:1] != TOMBSTONE))
def test_whatever_else_is_stored_is_refused(value: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(value)


def test_the_data_are_in_no_repr() -> None:
    assert "hunter2" not in repr(Record(0, 0, None, None, None, b"hunter2"))


@pytest.mark.parametrize(
    ("now", "ended"),
    [(99, False), (112.4, False), (112.5, True), (1000, True)],
)
def test_an_idle_session_ends_a_grain_after_its_time_by_the_record_alone(now: float, ended: bool) -> None:
    assert Lifetimes(idle=100, absolute=None).ended(_record(), now) is ended


def test_an_old_session_ends_however_it_is_used() -> None:
    lifetimes = Lifetimes(idle=100, absolute=1000)

    assert not lifetimes.ended(_record(renewed=990), 999)
    assert lifetimes.ended(_record(renewed=999), 1000)


def test_a_session_may_have_its_own() -> None:
    lifetimes = Lifetimes(idle=100, absolute=1000)

    assert lifetimes.of(_record()) is lifetimes
    assert lifetimes.of(_record(idle=5)) == Lifetimes(5, 1000)
    assert lifetimes.of(_record(absolute=7)) == Lifetimes(100, 7)


def test_the_store_keeps_it_until_the_first_of_both_ends() -> None:
    lifetimes = Lifetimes(idle=100, absolute=1000)

    assert lifetimes.left(0, 0) == 100
    assert lifetimes.left(0, 950) == 50
    assert lifetimes.left(0, 2000) == 1


def test_the_cookie_lasts_as_long_as_the_session_may() -> None:
    assert Lifetimes(100, 1000).cookie(0, 10.5, rolling=False) == 990
    assert Lifetimes(100, 1000).cookie(0, 10, rolling=True) == 100
    assert Lifetimes(100, None).cookie(0, 10, rolling=False) == 100
    assert Lifetimes(None, 10**9).cookie(0, 0, rolling=False) == LONGEST_COOKIE
