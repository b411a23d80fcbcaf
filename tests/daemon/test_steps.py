from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.core.events import Stage
from mainstay.daemon.steps import place, places
from mainstay.errors import MainstayError
from mainstay.model.spec import AppSpec, EnvLayer
from tests.daemon.running import Daemon, command, is_gone, shell
from tests.waiting import until

SLEEP = command("jobs", "sleep", "1000")


def prepared(script: str, spec: AppSpec = SLEEP, **changes: float) -> AppSpec:
    """An app with a shell script that goes before it."""
    return replace(spec, before_start=("sh", "-c", script), **changes)  # type: ignore[arg-type]


def refused(daemon: Daemon, spec: AppSpec, mode: str = "start") -> MainstayError:
    with pytest.raises(MainstayError) as caught:
        daemon.apply(spec, mode=mode)
    return caught.value


def pid_in(path: Path) -> int:
    return until(lambda: int(path.read_text() or 0) if path.exists() else 0, what=str(path))


def test_it_runs_in_the_folder_and_the_environment_of_the_app(daemon: Daemon, tmp_path: Path) -> None:
    env = (*SLEEP.env, EnvLayer("env", {"TABLE": "users"}))
    daemon.apply(
        prepared('echo "$TABLE $MAINSTAY_APP $APP_ENV $PWD" > done', replace(SLEEP, cwd=str(tmp_path), env=env))
    )

    assert (tmp_path / "done").read_text() == f"users jobs production {tmp_path}\n"


def test_its_output_has_a_log_of_its_own(daemon: Daemon) -> None:
    daemon.apply(prepared("echo migrated; echo warned >&2"))

    assert (daemon.output("jobs-before_start"), daemon.output("jobs-before_start", "err")) == ("migrated\n", "warned\n")
    streams = daemon.ask("streams", selectors=["jobs"])["streams"]
    assert [s["slot"] for s in streams if s["index"] == -1] == ["jobs-before_start"] * 2


def test_when_it_fails_nothing_starts_and_its_last_lines_are_told(daemon: Daemon) -> None:
    error = refused(daemon, prepared("echo no such table >&2; exit 4"))

    assert error.message == "cannot start jobs: before_start: exit code 4"
    assert error.lines == ("no such table",)
    assert daemon.rows() == []


def test_how_it_was_killed_is_told(daemon: Daemon) -> None:
    assert refused(daemon, prepared("kill -9 $$")).message == "cannot start jobs: before_start: killed by SIGKILL"


def test_one_that_cannot_be_run_is_told(daemon: Daemon) -> None:
    error = refused(daemon, replace(SLEEP, before_start=("/no/such/program",)))

    assert error.message == "cannot start jobs: before_start: cannot run /no/such/program: No such file or directory"


def test_a_reload_is_refused_by_it_and_the_old_worker_goes_on(daemon: Daemon, tmp_path: Path) -> None:
    spec = prepared(f"test ! -e {tmp_path}/broken")
    daemon.apply(spec)
    pid = daemon.worker("jobs-0")
    (tmp_path / "broken").touch()
    error = refused(daemon, spec, mode="reload")

    assert error.message == "cannot reload jobs: before_start: exit code 1"
    assert daemon.worker("jobs-0") == pid


def test_at_its_timeout_it_is_ended_with_all_that_it_started(daemon: Daemon, tmp_path: Path) -> None:
    script = f"setsid sleep 1000 & echo $! > {tmp_path}/pid; wait"
    error = refused(daemon, prepared(script, before_start_timeout=0.5))

    assert error.message == "cannot start jobs: before_start: took longer than 0.5 s"
    assert is_gone(pid_in(tmp_path / "pid"))


def test_one_that_ignores_the_signal_is_killed(daemon: Daemon) -> None:
    error = refused(daemon, prepared("trap '' TERM; sleep 1000", before_start_timeout=0.5, stop_timeout=0.5))

    assert error.message == "cannot start jobs: before_start: took longer than 0.5 s"
    assert daemon.children() == {}


def test_a_stop_meanwhile_ends_it(daemon: Daemon, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(daemon.apply, prepared(f"echo $$ > {tmp_path}/pid; sleep 1000; true"))
        pid = pid_in(tmp_path / "pid")
        status = daemon.row("jobs-0")["status"]
        stopped = daemon.stop("jobs")["apps"][0]["outcome"]

    assert (status, stopped) == ("launching", "stopped")
    assert str(asked.exception()) == "cannot go on with jobs: it was stopped meanwhile"
    assert is_gone(pid)
    assert daemon.children() == {}


def test_what_it_leaves_behind_is_gone_before_the_app_starts(daemon: Daemon, tmp_path: Path) -> None:
    left = f"sleep 1000 & echo $! > {tmp_path}/pid"
    daemon.apply(prepared(left, shell("jobs", f"kill -0 $(cat {tmp_path}/pid) && echo alive; sleep 1000")))

    assert is_gone(pid_in(tmp_path / "pid"))
    assert daemon.output("jobs-0") == ""


def test_after_a_stop_its_command_runs_when_all_workers_are_gone(daemon: Daemon, tmp_path: Path) -> None:
    clean = f"kill -0 $(cat {tmp_path}/pid) && echo alive; echo cleaned"
    daemon.apply(replace(shell("jobs", f"echo $$ > {tmp_path}/pid; exec sleep 1000"), after_stop=("sh", "-c", clean)))
    pid_in(tmp_path / "pid")
    daemon.stop("jobs")

    assert daemon.output("jobs-after_stop") == "cleaned\n"


def test_a_failure_after_a_stop_is_said_and_no_failure_of_the_stop(daemon: Daemon) -> None:
    daemon.apply(replace(SLEEP, after_stop=("sh", "-c", "exit 3")))
    (outcome,) = daemon.delete("jobs")["apps"]

    assert (outcome["outcome"], outcome["message"]) == ("deleted", "after_stop: exit code 3")
    assert daemon.rows() == []


def test_the_logs_of_an_app_are_named_for_the_stages_it_has() -> None:
    assert place("web", Stage.AFTER_STOP) == "web-after_stop"
    assert places(prepared("true")) == ["jobs-before_start"]
    assert places(SLEEP) == []
