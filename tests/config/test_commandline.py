import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mainstay.config.commandline import arguments, argv_of, command
from mainstay.config.problems import Refused


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("python report.py --day 1", ("python", "report.py", "--day", "1")),
        ("sh -c 'a; b | c'", ("sh", "-c", "a; b | c")),
        ('python -c "print(1); x"', ("python", "-c", "print(1); x")),
        ("a\\;b c", ("a;b", "c")),
        ("prog --level=3", ("prog", "--level=3")),
    ],
)
def test_a_plain_line_is_split_into_words(line: str, argv: tuple[str, ...]) -> None:
    assert argv_of(line) == argv


@pytest.mark.parametrize(
    "line",
    ["echo $HOME", 'echo "$HOME"', "ls *.py", "prog > out 2>&1", "prog < in", "echo `date`", "cat ~/x", "curl x/?a"],
)
def test_the_shell_makes_way_for_a_single_program(line: str) -> None:
    assert argv_of(line) == ("/bin/sh", "-c", f"exec {line}")


@pytest.mark.parametrize(
    "line", ["a | b", "a && b", "a; b", "(a)", "cd x && y", "exec a $B", "a &", "if a; then b; fi"]
)
def test_the_shell_stays_for_several_programs(line: str) -> None:
    assert argv_of(line) == ("/bin/sh", "-c", line)


def test_variables_before_a_program_are_set_for_it() -> None:
    assert argv_of("A=1 prog x") == ("/bin/sh", "-c", "exec env A=1 prog x")


@pytest.mark.parametrize("line", ["", "  ", "a 'b", '"', "''", "a\0b"])
def test_what_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(Refused):
        argv_of(line)


_SHOW = "import os, sys; print(os.getppid(), sys.argv[1:], os.environ.get('A'))"


@pytest.mark.parametrize(
    ("rest", "arguments"),
    [("x 'y z'", "['x', 'y z']"), ('"$WORD" $WORD', "['w', 'w']"), ("a\\;b", "['a;b']"), ("'$WORD'", "['$WORD']")],
)
def test_a_line_runs_as_a_shell_would_run_it_and_as_our_own_child(rest: str, arguments: str, tmp_path: Path) -> None:
    program = tmp_path / "show.py"
    program.write_text(_SHOW)

    line = f"A=1 {shlex.quote(sys.executable)} {shlex.quote(str(program))} {rest}"
    done = subprocess.run(argv_of(line), capture_output=True, text=True, env={"WORD": "w", "PATH": os.defpath})

    assert done.stdout.strip() == f"{os.getpid()} {arguments} 1"


@pytest.mark.parametrize("value", [[], "", 1, [""], ["a", 1], ["a\0"], [1]])
def test_what_is_neither_a_line_nor_words_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        command(value)


def test_a_command_and_arguments_are_a_line_or_words() -> None:
    assert (
        command("a 'b c'") == command(["a", "b c"]) == arguments("a 'b c'") == arguments(["a", "b c"]) == ("a", "b c")
    )
    with pytest.raises(Refused):
        arguments("a 'b")
