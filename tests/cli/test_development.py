import os
from pathlib import Path

import pytest

from mainstay.cli.commands.dev import Options
from mainstay.cli.development import Development, drop_bytecode, for_development, script_of, syntax_error
from mainstay.errors import UsageError
from mainstay.model.spec import AppSpec, Command, Limits, PythonApp, RestartOn
from tests.cli.terminals import pipe

WEB = AppSpec("web", PythonApp("main:app", "/usr/bin/python3"), "/", instances=0, limits=Limits(memory=1))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options(*targets: str, watch: tuple[str, ...] = ()) -> Options:
    made = Options()
    made.targets = list(targets)
    made.watch_dir = list(watch)
    return made


def test_an_app_is_run_for_whoever_works_on_it() -> None:
    spec = for_development(WEB, "plain")

    assert (spec.instances, spec.stop_timeout, spec.limits) == (1, 1.0, Limits())
    assert spec.env[-1].values == {"MAINSTAY_ACCESS_LINES": "plain"}
    assert for_development(AppSpec("w", Command(("sleep",)), "/"), "plain").restart.on is RestartOn.NEVER


def test_the_environment_is_development_unless_told() -> None:
    assert [spec.environment for spec in Development(options("sleep 1"), pipe()).specs] == ["development"]


def test_what_is_watched_is_where_apps_run_and_where_their_files_are(folder: Path) -> None:
    (folder / "app").mkdir()
    (folder / "mainstay.toml").write_text('[apps.a]\ncommand = "sleep 1"\ncwd = "app"\n')
    made = Development(options(), pipe())

    assert [root.root for root in made.roots] == [str(folder)]
    assert made.declares(str(folder / "mainstay.toml"))


def test_what_is_watched_can_be_said(folder: Path) -> None:
    (folder / "src").mkdir()

    assert [root.root for root in Development(options("sleep 1", watch=("src",)), pipe()).roots] == [
        str(folder / "src")
    ]
    with pytest.raises(UsageError, match="no such folder"):
        Development(options("sleep 1", watch=("nowhere",)), pipe())


def test_the_script_of_a_command_is_found(folder: Path) -> None:
    (folder / "work.py").touch()

    assert script_of(AppSpec("w", Command(("python", "-u", "work.py")), str(folder))) == str(folder / "work.py")
    assert script_of(AppSpec("w", Command(("sleep", "1")), str(folder))) == ""
    assert script_of(WEB) == ""


def test_what_is_no_python_is_told_with_its_line(folder: Path) -> None:
    (folder / "good.py").write_text("x = 1\n")
    (folder / "bad.py").write_text("x = 1\n(\n")
    (folder / "page.html").write_text("(")

    assert syntax_error([str(folder / "good.py"), str(folder / "page.html"), str(folder / "gone.py")]) == ""
    assert syntax_error([str(folder / "bad.py")]) == "bad.py:2: '(' was never closed"


def test_what_was_compiled_of_a_saved_file_is_removed(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    for name in ("main.cpython-311.pyc", "main.cpython-313.opt-1.pyc", "other.cpython-311.pyc"):
        (folder / "__pycache__" / name).touch()

    drop_bytecode([str(folder / "main.py"), str(folder / "other.html")])

    assert os.listdir(folder / "__pycache__") == ["other.cpython-311.pyc"]
