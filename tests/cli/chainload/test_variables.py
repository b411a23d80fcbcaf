from collections.abc import Mapping

import pytest

from mainstay.cli.chainload.line import Assign, FromFile, Step, Unset
from mainstay.cli.chainload.variables import Given, Kept, Outcome, Removed, applied, expanded_words
from mainstay.errors import MainstayError

FILES = {"a": {"A": "from a", "ONLY_A": "x"}, "b": {"A": "from b", "ONLY_B": "y"}}


def done(environ: Mapping[str, str], *steps: Step, override: bool = False) -> Outcome:
    """The outcome, with files out of `FILES`."""
    return applied(steps, environ, _read, override=override)


def _read(path: str) -> Mapping[str, tuple[str, str]]:
    return {name: (value, f"{path}:1") for name, value in FILES[path].items()}


def test_each_assignment_sees_those_before_it() -> None:
    outcome = done({"A": "old"}, Assign("B", "$A"), Assign("A", "new"), Assign("C", "$A $B"))

    assert outcome.environ == {"A": "new", "B": "old", "C": "new old"}


def test_the_environment_that_was_given_is_left_alone() -> None:
    environ = {"A": "1"}

    done(environ, Assign("B", "2"), Unset("A"))

    assert environ == {"A": "1"}


@pytest.mark.parametrize(("environ", "expected"), [({}, "new"), ({"A": "old"}, "old"), ({"A": ""}, "")])
def test_a_question_mark_sets_only_what_is_not_set(environ: dict[str, str], expected: str) -> None:
    assert done(environ, Assign("A", "new", if_unset=True)).environ["A"] == expected


def test_a_value_that_is_not_needed_is_not_expanded() -> None:
    assert done({"A": "old"}, Assign("A", "${B:?}", if_unset=True)).environ == {"A": "old"}


def test_a_variable_is_taken_away_and_may_come_back() -> None:
    assert done({"A": "1"}, Unset("A"), Unset("NOTHING")).environ == {}
    assert done({"A": "1"}, Unset("A"), Assign("A", "[$A]")).environ == {"A": "[]"}
    assert done({"A": "1"}, Unset("A"), FromFile("a")).environ["A"] == "from a"
    assert done({}, Assign("A", "1"), Unset("A")).environ == {}


@pytest.mark.parametrize(
    ("environ", "files", "override", "expected"),
    [
        ({}, "ab", False, "from a"),
        ({}, "ab", True, "from b"),
        ({"A": "old"}, "ab", False, "old"),
        ({"A": ""}, "ab", False, ""),
        ({"A": "old"}, "ab", True, "from b"),
    ],
)
def test_files_win_as_they_do_for_dotenv(environ: dict[str, str], files: str, override: bool, expected: str) -> None:
    outcome = done(environ, *map(FromFile, files), override=override)

    assert outcome.environ == {"A": expected, "ONLY_A": "x", "ONLY_B": "y"}


@pytest.mark.parametrize("override", [False, True])
def test_an_assignment_is_stronger_than_a_file_wherever_it_stands(override: bool) -> None:
    assert done({}, Assign("A", "1"), FromFile("a"), override=override).environ["A"] == "1"
    assert done({}, FromFile("a"), Assign("A", "1"), override=override).environ["A"] == "1"


def test_an_assignment_sees_the_files_before_it() -> None:
    assert done({}, FromFile("a"), Assign("B", "$A!")).environ["B"] == "from a!"
    assert done({}, Assign("B", "$A!"), FromFile("a")).environ["B"] == "!"


def test_what_happened_to_each_is_known() -> None:
    outcome = done({"ONLY_A": "old", "U": "1"}, FromFile("a"), Assign("B", "2"), Unset("U"), FromFile("b"))

    assert outcome.fates == {
        "A": Given("a:1"),
        "ONLY_A": Kept("a:1"),
        "B": Given("command line"),
        "U": Removed(),
        "ONLY_B": Given("b:1"),
    }


def test_an_error_names_the_variable() -> None:
    with pytest.raises(MainstayError) as error:
        done({}, Assign("URL", "${HOST:?where is it}"))

    assert error.value.message == "cannot set URL: HOST is not set or is empty: where is it"


def test_words_are_expanded_when_asked_for() -> None:
    assert expanded_words(["$A", "", "\\$A"], {"A": "x y"}) == ("x y", "", "$A")
    with pytest.raises(MainstayError) as error:
        expanded_words(["cmd", "${"], {})

    assert error.value.message == "cannot expand word 2 of the command: no name follows the ${ of character 1"
