import shutil
import sys
from pathlib import Path

import pytest

from mainstay.config.interpreter import Place
from mainstay.config.problems import Refused
from mainstay.config.program import find_program, script_argv

from .files import ENVIRON, write

SH = shutil.which("sh", path=ENVIRON["PATH"]) or ""


def place(folder: Path, **environ: str) -> Place:
    return Place(str(folder), str(folder), ENVIRON | environ)


def test_a_python_file_is_run_by_the_apps_python(tmp_path: Path) -> None:
    path = write(tmp_path / "worker.py", "#!/usr/bin/env python3\n", 0o755)

    assert script_argv(str(path), place(tmp_path)) == (sys.executable, str(path))


def test_a_python_file_is_run_by_the_python_that_was_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "worker.py", "")
    python = write(tmp_path / "bin" / "python9", "#!/bin/sh\n", 0o755)

    assert script_argv(str(path), place(tmp_path), "bin/python9") == (str(python), str(path))
    assert script_argv(str(path), place(tmp_path), python=str(python)) == (str(python), str(path))


def test_the_ending_says_what_runs_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "run.sh", "echo\n")

    assert script_argv(str(path), place(tmp_path)) == (SH, str(path))


def test_an_interpreter_that_is_missing_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "server.js", "")

    with pytest.raises(Refused, match="cannot find node: not on PATH"):
        script_argv(str(path), place(tmp_path, PATH="/nowhere"))


def test_an_interpreter_may_have_arguments(tmp_path: Path) -> None:
    path = write(tmp_path / "x.txt", "")

    assert script_argv(str(path), place(tmp_path), "sh -e") == (SH, "-e", str(path))


def test_none_executes_the_file_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "x.py", "#!/bin/sh\n", 0o755)

    assert script_argv(str(path), place(tmp_path), "none") == (str(path),)


def test_none_needs_an_executable_file(tmp_path: Path) -> None:
    path = write(tmp_path / "x.py", "")

    with pytest.raises(Refused, match="is not executable"):
        script_argv(str(path), place(tmp_path), "none")


def test_an_executable_with_a_first_line_runs_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "tool", "#!/bin/sh\n", 0o755)

    assert script_argv(str(path), place(tmp_path)) == (str(path),)


def test_a_binary_runs_itself(tmp_path: Path) -> None:
    path = tmp_path / "tool"
    shutil.copy("/bin/true", path)

    assert script_argv(str(path), place(tmp_path)) == (str(path),)


@pytest.mark.parametrize("line", ["#!/bin/sh -e", "#!/usr/bin/env -S sh -e"])
def test_the_first_line_says_what_runs_a_file_that_is_not_executable(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "tool", f"{line}\n")

    interpreter, *rest = script_argv(str(path), place(tmp_path))

    assert (interpreter.endswith("/sh"), rest) == (True, ["-e", str(path)])


def test_an_executable_text_is_run_by_sh_as_shells_do(tmp_path: Path) -> None:
    path = write(tmp_path / "tool", "echo x\n", 0o755)

    assert script_argv(str(path), place(tmp_path)) == ("/bin/sh", str(path))


@pytest.mark.parametrize("text", ["data\n", "#!\n", "#!/nowhere/sh\n"])
def test_a_file_that_nothing_runs_is_told(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "data", text)

    with pytest.raises(Refused):
        script_argv(str(path), place(tmp_path))


def test_python_is_the_apps_own_where_path_has_none(tmp_path: Path) -> None:
    assert find_program("python", place(tmp_path, PATH="/nowhere")) == sys.executable
    assert find_program("ruby", place(tmp_path, PATH="/nowhere")) == ""
