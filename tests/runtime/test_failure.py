"""Failures of the user's code: one line, a place, a traceback without our frames."""

import pytest

from mainstay.runtime.failure import in_one_line, print_traceback, where
from mainstay.runtime.load import CannotLoad, load
from mainstay.runtime.messages import Interface


def test_an_error_without_text_is_its_kind() -> None:
    assert in_one_line(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_a_group_of_one_is_that_one() -> None:
    assert in_one_line(ExceptionGroup("unhandled", [ValueError("bad")])) == "ValueError: bad"


def test_an_error_that_was_not_raised_has_no_place() -> None:
    assert where(ValueError()) == ""


def test_a_traceback_shows_the_users_frames_alone(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    with open(f"{tmp_path}/shown.py", "w") as file:
        file.write("try:\n    {}['first']\nexcept KeyError:\n    raise ValueError('second')\n")
    with pytest.raises(CannotLoad) as caught:
        load("shown:app", Interface.AUTO)
    assert caught.value.__cause__ is not None

    print_traceback(caught.value.__cause__)

    text = capsys.readouterr().err
    assert text.count("shown.py") == 2
    assert "During handling of the above exception" in text
    assert text.endswith("ValueError: second\n")
    assert "mainstay/runtime" not in text
    assert "importlib" not in text
