from pathlib import Path

import pytest

from mainstay.cli.failures import show_bug, show_error
from mainstay.errors import MainstayError, UsageError
from tests.cli.terminals import pipe, screen, written


def test_an_error_is_its_line_then_the_app_s_own_words_then_the_hint() -> None:
    terminal = pipe()
    error = UsageError(
        "cannot start web: exit code 1", hint="look there", lines=("  File x", "\x1b[31mKeyError\x1b[0m\x07")
    )

    code = show_error(error, terminal)

    assert code == 2
    assert written(terminal) == (
        "mainstay: cannot start web: exit code 1\n  |   File x\n  | KeyError\\x07\n  hint: look there\n"
    )


def test_an_error_of_several_lines_keeps_them() -> None:
    terminal = pipe()
    show_error(MainstayError("a.toml:1: one\na.toml:2: two"), terminal)

    assert written(terminal) == "mainstay: a.toml:1: one\na.toml:2: two\n"


def test_on_a_terminal_the_app_s_colours_are_kept() -> None:
    terminal = screen(NO_COLOR="")
    show_error(MainstayError("x", lines=("\x1b[31mred",)), terminal)

    assert "\x1b[31mred\x1b[0m" in written(terminal)


def test_a_bug_is_one_line_and_its_details_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_HOME", str(tmp_path))
    terminal = pipe()
    try:
        raise ValueError("no\nsuch thing")
    except ValueError as error:
        code = show_bug(error, ["list"], terminal)

    log = tmp_path / "crash.log"
    assert code == 1
    assert written(terminal).splitlines() == [
        "mainstay: a bug in mainstay: ValueError: no",
        f"  hint: the details are in {log}; please report them",
    ]
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_bug_is_told_where_its_details_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MAINSTAY_HOME", str(tmp_path / "file"))
    terminal = pipe()

    show_bug(ValueError("x"), [], terminal)

    assert written(terminal) == "mainstay: a bug in mainstay: ValueError: x\n"
