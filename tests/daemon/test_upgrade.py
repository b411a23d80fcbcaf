import os
import shutil
import sys
from pathlib import Path

import pytest

import mainstay
from mainstay.client.launch import daemon_command, daemon_environment
from mainstay.daemon.upgrade import successor_of
from mainstay.errors import MainstayError, UsageError
from tests.daemon import running as daemons
from tests.daemon.running import command, running, web
from tests.daemon.test_adopt import APP
from tests.waiting import until


def test_the_same_process_runs_the_new_program_and_the_workers_stay_its_children(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP)
    with running(tmp_path / "home") as daemon:
        daemon.apply(command("jobs", "sleep", "1000"), web("web", "main:app", tmp_path))
        before = {row["slot"]: row["pid"] for row in daemon.rows()}
        uptime = daemon.ask("ping")["uptime"]
        environment = daemon_environment(os.environ, str(daemon.home))
        daemon.ask("upgrade", argv=daemon_command(), env=environment)
        until(lambda: daemon.ask("ping")["uptime"] < uptime or "taking over" in daemon.log, what="another program")

        assert daemon.ask("ping")["pid"] == daemon.pid
        assert {row["slot"]: row["pid"] for row in daemon.rows()} == before
        assert set(before.values()) <= set(daemon.children())


def test_a_daemon_whose_files_are_gone_from_where_it_was_loaded_is_replaced_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(Path(mainstay.__file__).parent, copy / "mainstay", ignore=shutil.ignore_patterns("__pycache__"))
    old = [*daemon_command()[:-1], str(copy / "mainstay" / "daemon" / "__main__.py")]
    environment = daemon_environment(os.environ, str(tmp_path / "home"))
    monkeypatch.setattr(daemons, "daemon_command", lambda: old)
    monkeypatch.setattr(daemons, "daemon_environment", lambda *_: environment | {"PYTHONPATH": str(copy)})
    with running(tmp_path / "home") as daemon:
        daemon.apply(command("jobs", "sleep", "1000"))
        worker = daemon.worker("jobs-0")
        shutil.rmtree(copy)
        daemon.ask("upgrade", argv=daemon_command(), env=environment)
        until(lambda: "taking over" in daemon.log, what="another program")

        assert daemon.ask("ping")["pid"] == daemon.pid
        assert daemon.worker("jobs-0") == worker


def test_a_program_that_cannot_be_run_is_refused_and_the_daemon_goes_on(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        with pytest.raises(MainstayError, match="no program that can be run"):
            daemon.ask("upgrade", argv=["/nowhere/python"], env={})
        not_executable = tmp_path / "text"
        not_executable.write_text("not a program")
        not_executable.chmod(0o755)
        daemon.ask("upgrade", argv=[str(not_executable)], env={})
        until(lambda: "cannot be replaced by" in daemon.log, what="its refusal")

        assert daemon.ask("ping")["pid"] == daemon.pid


@pytest.mark.parametrize(
    "args",
    [{}, {"argv": []}, {"argv": "python", "env": {}}, {"argv": [sys.executable], "env": [1]}, {"argv": [1], "env": {}}],
    ids=repr,
)
def test_a_request_that_names_no_program_is_refused(args: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        successor_of(args)
