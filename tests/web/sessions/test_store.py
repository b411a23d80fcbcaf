from mainstay.web.sessions.store import Conflict, Stored


def test_a_stored_record_shows_nothing_of_what_is_in_it() -> None:
    shown = repr(Stored(b"the secret of a user", 7))

    assert shown == "Stored(20 bytes, version=7)"


def test_a_conflict_says_what_happened() -> None:
    assert str(Conflict(gone=True)) == "the entry is gone"
    assert str(Conflict(gone=False)) == "the entry was changed by somebody else"
