import pytest

from mainstay.errors import MainstayError, NoSuchName, RemoteError, UsageError


@pytest.mark.parametrize(("kind", "code"), [(MainstayError, 1), (UsageError, 2), (NoSuchName, 3)])
def test_each_kind_of_error_has_its_exit_code(kind: type[MainstayError], code: int) -> None:
    assert kind("x").exit_code == code


def test_an_error_says_what_how_to_mend_it_and_what_the_app_said() -> None:
    error = MainstayError("cannot start web: it ended", hint="look", lines=("a", "b"))

    assert (str(error), error.message, error.hint, error.lines) == (
        "cannot start web: it ended",
        "cannot start web: it ended",
        "look",
        ("a", "b"),
    )


def test_an_error_needs_no_hint() -> None:
    assert (MainstayError("x").hint, MainstayError("x").lines) == ("", ())


def test_an_error_from_the_daemon_keeps_its_exit_code() -> None:
    error = RemoteError("no app is called x", hint="y", lines=("z",), exit_code=3)

    assert (error.exit_code, error.hint, error.lines) == (3, "y", ("z",))
