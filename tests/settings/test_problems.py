from mainstay.settings import SettingsError
from mainstay.settings.problems import listed


def test_an_error_says_what_is_wrong_and_how_to_mend_it() -> None:
    error = SettingsError("cannot read x", hint="write y")

    assert (str(error), error.message, error.hint) == ("cannot read x (write y)", "cannot read x", "write y")


def test_an_error_needs_no_hint() -> None:
    assert str(SettingsError("cannot read x")) == "cannot read x"


def test_several_mistakes_stand_below_each_other_and_one_alone() -> None:
    assert listed("cannot read x", ["a"]) == "a"
    assert listed("cannot read x", ["a", "b"]) == "cannot read x: 2 mistakes\n  a\n  b"
