import os
import sys
from pathlib import Path

import pytest

from mainstay.cli.database_file import Target, find_target, python_for
from mainstay.errors import UsageError

OURS = "from mainstay.settings.database import Sections\n"


def write(root: Path, name: str, text: str = OURS) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(cwd: Path, said: str = "") -> tuple[str, str, str]:
    target = find_target(said, str(cwd))
    return target.module.removeprefix(f"{cwd}/"), target.attribute, os.path.relpath(target.root, cwd)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("shop/database.py", ("shop/database.py", "", ".")),
        ("shop/database.py:reports", ("shop/database.py", "reports", ".")),
        ("./shop/../shop/database.py", ("shop/database.py", "", ".")),
        ("shop.database", ("shop.database", "", ".")),
        ("shop.database:reports", ("shop.database", "reports", ".")),
    ],
)
def test_a_file_or_module_may_be_named(tmp_path: Path, said: str, expected: tuple[str, str, str]) -> None:
    write(tmp_path, "shop/database.py")

    assert found(tmp_path, said) == expected


def test_imports_of_a_file_elsewhere_start_in_its_own_project(tmp_path: Path) -> None:
    write(tmp_path, "other/pyproject.toml", "")
    write(tmp_path, "other/config/database.py")
    (tmp_path / "here").mkdir()

    assert found(tmp_path / "here", str(tmp_path / "other/config/database.py"))[2] == "../other"


@pytest.mark.parametrize("name", ["config/database.py", "database.py", "shop/database.py", "src/shop/database.py"])
def test_without_a_name_the_file_at_a_usual_place_is_taken(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    write(tmp_path, "other/database.py", "engine = None\n")

    assert found(tmp_path) == (name, "", ".")


def test_of_two_none_is_guessed(tmp_path: Path) -> None:
    write(tmp_path, "config/database.py")
    write(tmp_path, "shop/database.py")

    with pytest.raises(UsageError, match=r"config/database\.py, shop/database\.py declare databases") as caught:
        find_target("", str(tmp_path))
    assert caught.value.hint == "name one, or write database = 'config/database.py' in mainstay.toml"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("mainstay.toml", "database = 'lib/db.py:reports'\n"),
        ("pyproject.toml", "[tool.mainstay]\ndatabase = 'lib/db.py:reports'\n"),
    ],
)
def test_the_config_file_says_it_better(tmp_path: Path, file: str, text: str) -> None:
    write(tmp_path, "config/database.py")
    write(tmp_path, "lib/db.py", "")
    write(tmp_path, file, text)

    assert found(tmp_path) == ("lib/db.py", "reports", ".")


def test_a_config_file_that_does_not_say_it_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "config/database.py")
    write(tmp_path, "mainstay.toml", "[apps.web]\napp = 'a:b'\n")

    assert found(tmp_path)[0] == "config/database.py"


@pytest.mark.parametrize(
    ("toml", "said", "message"),
    [
        ("", "", "no file here declares a database"),
        ("", "no/such.py", r"cannot read no/such\.py: no such file$"),
        ("database = 'no.py'", "", r"cannot read no\.py: no such file \(declared in .*mainstay\.toml\)"),
        ("database = 1", "", r"mainstay\.toml:1: database: must be a text"),
        ("database = ", "", "not valid TOML"),
    ],
)
def test_what_is_not_there_is_told(tmp_path: Path, toml: str, said: str, message: str) -> None:
    write(tmp_path, "mainstay.toml", toml)

    with pytest.raises(UsageError, match=message):
        find_target(said, str(tmp_path))


def test_the_interpreter_is_the_one_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "shop" / ".venv" / "bin").mkdir(parents=True)
    os.symlink(sys.executable, tmp_path / "shop" / ".venv" / "bin" / "python")
    write(tmp_path, "shop/pyproject.toml", "")
    target = Target(str(tmp_path / "shop" / "config" / "database.py"), "", str(tmp_path / "shop"))

    python, venv = python_for(target, "", {})

    assert (python, venv) == (str(tmp_path / "shop/.venv/bin/python"), str(tmp_path / "shop/.venv"))


@pytest.mark.parametrize("asked", ["env", "./env", "env/bin/python"])
def test_a_path_of_an_interpreter_starts_where_the_command_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    os.symlink(sys.executable, tmp_path / "env" / "bin" / "python")
    monkeypatch.chdir(tmp_path)

    python, _ = python_for(Target(str(tmp_path / "config" / "database.py"), "", str(tmp_path)), asked, {"PATH": ""})

    assert python == str(tmp_path / "env/bin/python")


def test_an_interpreter_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot run shop\.database: cannot find the interpreter nixda"):
        python_for(Target("shop.database", "", str(tmp_path)), "nixda", {"PATH": "/bin"})
