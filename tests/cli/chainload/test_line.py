import re
import shlex
from pathlib import Path

import pytest

from mainstay.cli.chainload.line import (
    FLAGS,
    VALUED,
    Assign,
    FromFile,
    HelpWanted,
    Line,
    Unset,
    assignment,
    is_name,
    read,
)
from mainstay.cli.commands.run import parser
from mainstay.errors import UsageError


def test_the_first_word_that_is_no_assignment_begins_the_command() -> None:
    assert read(["A=1", "B=2", "cmd", "C=3", "--shell", "", "--"]) == Line(
        (Assign("A", "1"), Assign("B", "2")), ("cmd", "C=3", "--shell", "", "--")
    )


def test_two_dashes_end_the_assignments_and_only_the_first_two_are_ours() -> None:
    assert read(["A=1", "--", "B=2", "--", "x"]) == Line((Assign("A", "1"),), ("B=2", "--", "x"))
    assert read(["--", "--", "cmd"]).words == ("--", "cmd")
    assert read(["--", "--help"]).words == ("--help",)


def test_steps_keep_their_order() -> None:
    line = read(["A=1", "-f", "x", "-u", "B", "C?=2", "-fy", "-uD", "--file=z", "--unset=E", "cmd"])

    assert line.steps == (
        Assign("A", "1"),
        FromFile("x"),
        Unset("B"),
        Assign("C", "2", if_unset=True),
        FromFile("y"),
        Unset("D"),
        FromFile("z"),
        Unset("E"),
    )


def test_an_environment_sets_both_names() -> None:
    assert read(["--env", "production", "cmd"]).steps == (
        Assign("APP_ENV", "production"),
        Assign("NODE_ENV", "production"),
    )


@pytest.mark.parametrize("word", ["1A=x", "A-B=x", "a.b=x", "=x", "é=x", "A =x", "?=x", "A??=x", "A+=x", "A", "", "-"])
def test_what_is_no_assignment_by_the_names_of_posix_is_the_command(word: str) -> None:
    assert assignment(word) is None
    assert read([word, "x"]).words == (word, "x")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("A=", Assign("A", "")),
        ("_a1=b=c", Assign("_a1", "b=c")),
        ("A=?=", Assign("A", "?=")),
        ("A?=b?=c", Assign("A", "b?=c", if_unset=True)),
        ("A='x'", Assign("A", "'x'")),
        ("A=\udcff\n", Assign("A", "\udcff\n")),
    ],
)
def test_the_value_is_everything_behind_the_first_equals_sign(word: str, expected: Assign) -> None:
    assert assignment(word) == expected


def test_names_are_ascii() -> None:
    assert all(map(is_name, ("A", "_", "a9", "class")))
    assert not any(map(is_name, ("", "9a", "ª", "a\n", "a b")))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "there is no command to run"),
        (["A=1"], "there is no command to run"),
        (["A=1", "--"], "there is no command to run"),
        (["--verbose", "cmd"], "no option --verbose"),
        (["-x", "cmd"], "no option -x"),
        (["--password=hunter2", "cmd"], "no option --password"),
        (["-phunter2", "cmd"], "no option -p"),
        (["--shell=yes", "cmd"], "no option --shell"),
        (["-f"], "-f needs a value"),
        (["-u", "A=1", "cmd"], "-u takes the name of a variable, not A=..."),
        (["-u", "", "cmd"], "-u takes the name of a variable, not ''"),
        (["--env", "", "cmd"], "--env needs a name"),
        (["--compat", "dotenv", "cmd"], "--compat knows cross-env and cross-env-shell, not 'dotenv'"),
        (["A=1", "--compat", "cross-env", "cmd"], "--compat goes with nothing else of ours"),
        (["--shell", "--compat", "cross-env", "cmd"], "--compat goes with nothing else of ours"),
        (["--shell", "--expand-args", "cmd"], "--expand-args goes without --shell"),
    ],
)
def test_a_wrong_line_is_a_usage_error(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        read(words)

    assert error.value.message == f"cannot read the command line: {message}"


def test_everything_behind_compat_belongs_to_it() -> None:
    assert read(["--print", "--compat", "cross-env", "-f", "--b=1", "--", "--help", "x"]) == Line(
        (), ("-f", "--b=1", "--", "--help", "x"), frozenset({"--print"}), "cross-env"
    )
    assert read(["--compat=cross-env-shell"]) == Line((), (), frozenset(), "cross-env-shell")


@pytest.mark.parametrize("words", [["--print"], ["--json", "A=1"]])
def test_what_is_only_shown_needs_no_command(words: list[str]) -> None:
    assert read(words).printing


@pytest.mark.parametrize("words", [["-h"], ["A=1", "--help", "cmd"]])
def test_help_is_for_us_in_front_of_the_command_only(words: list[str]) -> None:
    with pytest.raises(HelpWanted):
        read(words)
    assert read(["cmd", *words]).words == ("cmd", *words)


def test_the_help_shows_the_options_that_are_read() -> None:
    shown = {option for action in parser()._actions for option in action.option_strings}

    assert shown == {*VALUED, *FLAGS, "--compat", "--help", "-h"}


def test_every_line_of_the_documentation_is_read() -> None:
    text = (Path(__file__).parents[3] / "docs/run.md").read_text()
    lines = re.findall(r"^    mainstay run (.*)$", text, re.MULTILINE)
    shown = [line for line in lines if not line.startswith("[OPTIONS]")]

    assert len(shown) >= 4
    for line in shown:
        assert read(shlex.split(line)).words
