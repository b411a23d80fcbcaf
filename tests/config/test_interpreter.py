import os
import shutil
import sys
import time
import venv
from pathlib import Path

import pytest

from mainstay.config.interpreter import Found, Place, check_version, find_python, project_top, which
from mainstay.config.problems import Refused

from .files import ENVIRON, write


def make_venv(folder: Path) -> Path:
    """A virtual environment in a folder, as quickly as can be."""
    venv.create(folder, symlinks=True)
    return folder


def place(folder: Path, top: Path | None = None, **environ: str) -> Place:
    return Place(str(folder), str(top or folder), ENVIRON | environ)


def old_python(path: Path) -> Path:
    """A program that answers like a Python 3.9."""
    return write(path, "#!/bin/sh\necho 3.9.18\n", 0o755)


def test_a_venv_beside_the_app_is_taken(tmp_path: Path) -> None:
    made = make_venv(tmp_path / ".venv")

    found = find_python(place(tmp_path))

    assert found == Found(str(made / "bin" / "python"), f".venv in {tmp_path}", str(made))


def test_a_venv_in_a_folder_above_is_taken_up_to_the_project(tmp_path: Path) -> None:
    make_venv(tmp_path / "venv")
    inner = tmp_path / "backend" / "src"
    inner.mkdir(parents=True)

    assert find_python(place(inner, tmp_path)).why == f"venv in {tmp_path}"
    assert find_python(place(inner, tmp_path / "backend")).path == sys.executable


def test_the_projects_own_comes_before_the_activated_one(tmp_path: Path) -> None:
    make_venv(tmp_path / "shop" / ".venv")
    other = make_venv(tmp_path / "other")

    assert find_python(place(tmp_path / "shop", VIRTUAL_ENV=str(other))).venv == str(tmp_path / "shop" / ".venv")


def test_the_activated_one_is_taken_where_there_is_no_other(tmp_path: Path) -> None:
    other = make_venv(tmp_path / "other")
    (tmp_path / "shop").mkdir()

    found = find_python(place(tmp_path / "shop", VIRTUAL_ENV=str(other)))

    assert (found.venv, found.why) == (str(other), "$VIRTUAL_ENV")


def test_uvs_own_place_is_looked_at_from_the_project(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "envs" / "shop")

    found = find_python(place(tmp_path, UV_PROJECT_ENVIRONMENT="envs/shop"))

    assert (found.venv, found.why) == (str(made), "$UV_PROJECT_ENVIRONMENT")


def test_an_activated_one_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    assert find_python(place(tmp_path, VIRTUAL_ENV="/nowhere")) == Found(sys.executable, "the one mainstay runs on")


def test_a_broken_venv_is_told_and_not_passed_over(tmp_path: Path) -> None:
    made = make_venv(tmp_path / ".venv")
    (made / "bin" / "python").unlink()
    (made / "bin" / "python").symlink_to("/nowhere/python")

    with pytest.raises(Refused, match="is broken"):
        find_python(place(tmp_path))


def test_a_folder_that_is_only_called_venv_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()

    assert find_python(place(tmp_path)).path == sys.executable


@pytest.mark.parametrize("asked", ["env", "env/bin/python", "./env", "env/bin/../bin/python"])
def test_one_that_was_asked_for_is_a_folder_or_a_program(tmp_path: Path, asked: str) -> None:
    make_venv(tmp_path / ".venv")
    made = make_venv(tmp_path / "env")

    assert find_python(place(tmp_path), asked) == Found(str(made / "bin" / "python"), "asked for", str(made))


def test_one_that_was_asked_for_by_name_is_found_on_path(tmp_path: Path) -> None:
    program = old_python(tmp_path / "bin" / "python9")

    assert find_python(place(tmp_path, PATH=f"{tmp_path}/bin"), "python9") == Found(str(program), "asked for")


@pytest.mark.parametrize(
    ("asked", "why"),
    [("python99", "not on PATH"), ("bin/python99", "no such program"), ("empty", "is no virtual environment")],
)
def test_one_that_is_not_there_is_told(tmp_path: Path, asked: str, why: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(Refused, match=why):
        find_python(place(tmp_path), asked)


def test_a_python_that_is_too_old_is_told(tmp_path: Path) -> None:
    program = old_python(tmp_path / "python9")

    with pytest.raises(Refused, match=r"python9 \(asked for\) is Python 3.9.18, and apps need 3.11 or newer"):
        check_version(Found(str(program), "asked for"))


def test_an_interpreter_is_asked_again_only_when_it_changed(tmp_path: Path) -> None:
    program = write(tmp_path / "python", f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho 3.12.1\n", 0o755)
    found = Found(str(program), "asked for")
    check_version(found)
    check_version(found)
    os.utime(program, (time.time(), 1.0))
    check_version(found)

    assert (tmp_path / "asked").read_text() == "asked\nasked\n"


def test_what_is_no_interpreter_is_told() -> None:
    with pytest.raises(Refused, match="is no Python interpreter"):
        check_version(Found("/bin/true", "asked for"))


def test_a_real_venv_is_new_enough(tmp_path: Path) -> None:
    made = make_venv(tmp_path / ".venv")

    check_version(find_python(place(tmp_path)))

    assert made.exists()


def test_a_project_begins_where_its_files_are(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "")
    (tmp_path / "a" / "b").mkdir(parents=True)

    assert project_top(str(tmp_path / "a" / "b")) == str(tmp_path)


def test_a_program_is_found_on_path_or_from_the_folder(tmp_path: Path) -> None:
    run = write(tmp_path / "run.sh", "#!/bin/sh\n", 0o755)
    write(tmp_path / "data.txt", "x")

    assert which("./run.sh", "/bin", str(tmp_path)) == str(run)
    assert which("sh", ENVIRON["PATH"], "/") == shutil.which("sh", path=ENVIRON["PATH"])
    assert which("./data.txt", "/bin", str(tmp_path)) == ""
    assert which("run.sh", "/bin", str(tmp_path)) == ""
