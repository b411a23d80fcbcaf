import pytest

from mainstay.web.sessions.codec import encode
from mainstay.web.sessions.record import Record
from mainstay.web.sessions.session import Found, SessionState, SessionUnavailable, changes_of


def found(user: str | None = None, **data: object) -> Found:
    return Found("an-id", "f00d" * 16, 1, Record(10.0, 20.0, None, None, user, encode(data)))


def test_it_is_used_as_a_dictionary() -> None:
    session = SessionState(found(a=1, b=2))

    assert dict(session) == {"a": 1, "b": 2}
    assert ("a" in session, "x" in session, len(session), session.get("x", 5)) == (True, False, 2, 5)
    assert session.pop("a") == 1
    assert session.setdefault("c", []) == []
    session.update(d=4)
    assert session.copy() == {"b": 2, "c": [], "d": 4}
    session.clear()
    assert not session


def test_looking_at_it_is_noticed() -> None:
    session = SessionState(found(a=1))

    assert not session.accessed
    assert not session.modified
    session.get("a")
    assert session.accessed


def test_it_is_modified_when_something_is_different_from_what_was_read() -> None:
    session = SessionState(found(a=[1]))
    session["b"] = 1
    assert session.modified
    del session["b"]
    assert not session.modified

    session["a"].append(2)

    assert session.modified


def test_a_new_session_without_data_has_nothing_to_store() -> None:
    session = SessionState()
    session.get("a")

    assert session.is_new
    assert not session.modified


def test_it_knows_whose_it_is_and_when_it_began() -> None:
    session = SessionState(found(user="ann"))

    assert (session.user, session.created, session.fingerprint, session.is_new) == ("ann", 10.0, "f00df00d", False)


def test_a_login_keeps_the_data_of_nobody_and_drops_those_of_another() -> None:
    nobodys, anns = SessionState(found(cart=1)), SessionState(found("ann", cart=1))

    nobodys.login("ann")
    anns.login("bob")

    assert (nobodys.user, nobodys.copy()) == ("ann", {"cart": 1})
    assert (anns.user, anns.copy()) == ("bob", {})


def test_a_login_of_the_same_user_keeps_the_data_unless_told_otherwise() -> None:
    again, anew = SessionState(found("7", cart=1)), SessionState(found("7", cart=1))

    again.login(7)
    anew.login(7, keep=False)

    assert again.copy() == {"cart": 1}
    assert anew.copy() == {}


def test_once_dropped_a_new_id_does_not_bring_it_back() -> None:
    session = SessionState(found("ann", cart=1))
    session.destroy()

    session.regenerate()

    assert (session.user, session.copy(), session.modified) == (None, {}, True)


def test_it_cannot_be_written_while_the_store_is_down() -> None:
    session = SessionState(unavailable=True)

    assert session.get("a") is None
    for write in (session.clear, session.destroy, session.regenerate, lambda: session.update(a=1)):
        with pytest.raises(SessionUnavailable):
            write()


def test_what_this_request_changed_is_told_by_top_level_keys() -> None:
    session = SessionState(found(a=1, b=[1], c=3, d=4))
    session["a"] = 1
    session["b"].append(2)
    session["c"] = True
    session["e"] = 5
    del session["d"]

    assert changes_of(session) == ({"b": [1, 2], "c": True, "e": 5}, {"d"})


def test_neither_id_nor_data_are_shown() -> None:
    session = SessionState(found(password="hunter2"))

    for text in (repr(session), repr(session._found)):
        assert "hunter2" not in text
        assert "an-id" not in text
