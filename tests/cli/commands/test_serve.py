from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon
from tests.cli.running import mainstay


@pytest.mark.parametrize("options", [("--format", "xml"), ("--no-such-option",), ("no-such-program-anywhere",)])
def test_impossible_wishes_are_usage_errors_and_start_nothing(home: Path, options: tuple[str, ...]) -> None:
    assert mainstay(home, "serve", *options).code == 2
    assert not (home / "daemon.sock").exists()


def test_a_folder_without_anything_to_serve_says_what_is_missing(home: Path, tmp_path: Path) -> None:
    ran = mainstay(home, "serve", cwd=tmp_path)

    assert ran.code == 2
    assert "has no mainstay.toml" in ran.err


def test_a_home_where_a_daemon_runs_is_refused(home: Path, daemon: FakeDaemon) -> None:
    ran = mainstay(home, "serve", "sleep 1000")

    assert ran.code == 1
    assert ran.err.startswith("mainstay: cannot serve: a daemon (pid ")
    assert daemon.requests == []


def test_a_home_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = mainstay(tmp_path / "file" / "home", "serve", "sleep 1000")

    assert ran.code == 1
    assert ran.err == f"mainstay: cannot use {tmp_path}/file/home: Not a directory\n"
