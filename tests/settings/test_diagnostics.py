import pytest

from mainstay.settings import SettingsError
from mainstay.settings.diagnostics import Assignment, Diagnostic, DotenvError, Kind, Notice, Parsed


def test_a_diagnostic_says_which_variable_what_and_how_to_mend_it() -> None:
    assert str(Diagnostic(3, "A", "is cut", "quote it", Kind.CUT)) == "A: is cut; quote it"
    assert str(Diagnostic(3, "", "not of the form NAME=value")) == "not of the form NAME=value"


def test_a_notice_says_where_it_is_of() -> None:
    assert str(Notice("my.env", 3, "is cut")) == "my.env:3: is cut"
    assert str(Notice("my.env", 0, "is open")) == "my.env: is open"


def test_the_last_assignment_counts_and_a_name_alone_is_no_value() -> None:
    parsed = Parsed((Assignment("A", "1", 1), Assignment("A", "2", 2), Assignment("B", None, 3)), ())

    assert parsed.values == {"A": "2"}
    assert parsed.last["A"].line == 2


def test_an_assignment_does_not_show_its_value() -> None:
    assert "hunter2" not in repr(Parsed((Assignment("A", "hunter2", 1),), ()))


def test_the_error_tells_all_of_them_with_file_and_line() -> None:
    error = DotenvError("my.env", (Diagnostic(1, "A", "is cut"), Diagnostic(4, "", "what?")))

    assert str(error) == "cannot read my.env: 2 mistakes\n  my.env:1: A: is cut\n  my.env:4: what?"
    assert isinstance(error, SettingsError)


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_is_both_harmless_and_unusable(kind: Kind) -> None:
    assert not (kind.harmless and kind.unusable)
