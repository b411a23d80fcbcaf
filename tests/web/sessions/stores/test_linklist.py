"""The list of a user's sessions, as the bytes of one value."""

from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.stores.linklist import with_link, without_link, without_old

_keys = st.sampled_from(["a" * 64, "b" * 64, "c" * 64])


@given(st.lists(st.tuples(_keys, st.floats(0, 100)), max_size=10), st.floats(0, 100))
def test_a_list_holds_each_living_session_once_until_its_last_end(links: list[tuple[str, float]], now: float) -> None:
    written, expected = b"", dict[str, float]()
    for key, expires in links:
        written, last = with_link(written, key, expires + 1000, 0.0)
        expected[key] = max(int((expires + 1000) * 1000), expected.get(key, 0.0))
        assert last >= expires + 1000

    assert set(without_old(written, now + 1000)) == {key for key, end in expected.items() if end / 1000 > now + 1000}


def test_what_has_expired_goes_when_something_comes() -> None:
    old, _ = with_link(b"", "old", 10.0, 0.0)

    new, expires = with_link(old, "new", 30.0, 20.0)

    assert b"old" not in new
    assert expires == 30.0


def test_an_unlinked_session_is_gone_and_another_is_not_touched() -> None:
    one, _ = with_link(b"", "one", 10.0, 0.0)
    both, _ = with_link(one, "two", 20.0, 0.0)

    assert list(without_old(without_link(both, "one", 0.0)[0], 0.0)) == ["two"]
    assert without_link(one, "two", 0.0)[0] == one
    assert without_link(one, "one", 0.0)[0] == b""


def test_garbage_in_the_value_is_passed_over() -> None:
    assert list(without_old(b"\n\xff\nx\ny z\nkey 99000", 1.0)) == ["key"]
