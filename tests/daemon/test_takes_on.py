"""What a daemon did for its apps goes on in the one that takes over after it was killed."""

import json
import os
import signal
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mainstay.model.spec import AppSpec, Condition, Dependency, Engine, Hook, Restart, RestartOn, Schedule
from tests.daemon import cared_for
from tests.daemon.cared_for import HEALTH, get, on, pids, port_of, reasons
from tests.daemon.running import Daemon, command, running, shell
from tests.daemon.test_adopt import replaced
from tests.daemon.test_notify import speaker
from tests.end_to_end.load import Load
from tests.waiting import until

EVERY_SECOND = Schedule("* * * * * *", "UTC")


def job(script: str, schedule: Schedule = EVERY_SECOND) -> AppSpec:
    """A script with a schedule."""
    return replace(shell("report", script), schedule=schedule, restart=Restart(on=RestartOn.NEVER))


def apply_in_vain(daemon: Daemon, *specs: AppSpec) -> None:
    """Start apps, and lose the daemon meanwhile."""
    with suppress(Exception):
        daemon.apply(*specs)


def events(daemon: Daemon) -> str:
    """What was written of what happened."""
    return (daemon.home / "events.jsonl").read_text()


def runs(daemon: Daemon) -> list[dict[str, Any]]:  # Any: what `describe` shows of a run is plain JSON
    """What came of the runs of the job."""
    (described,) = daemon.ask("describe", selectors=["report"])["apps"]
    found: list[dict[str, Any]] = described["job"]["runs"]
    return found


def seqs(daemon: Daemon) -> list[int]:
    """The numbers of the events that were written."""
    lines = events(daemon).splitlines()
    return [json.loads(line)["seq"] for line in lines]


@pytest.mark.parametrize("engine", Engine)
def test_a_worker_that_falls_ill_is_replaced(tmp_path: Path, engine: Engine) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(on(engine, cared_for.spec(tmp_path, 2 if engine is Engine.UVICORN else 1, HEALTH)))
        port, before = port_of(daemon), pids(daemon)
        replaced(daemon)
        with Load(port, 4.0) as load:
            ill = get(port, "/fall-ill")
            until(lambda: ill not in pids(daemon) and len(pids(daemon)) == len(before), what="another worker")
        until(lambda: "status 503" in reasons(daemon), what="the reason")

        assert load.lost == {}
        assert pids(daemon) & before == before - {ill}


@pytest.mark.parametrize("engine", Engine)
def test_a_worker_whose_loop_is_blocked_is_replaced_and_its_log_has_the_stack(tmp_path: Path, engine: Engine) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(on(engine, cared_for.spec(tmp_path, 1, watchdog=1.0)))
        port, before = port_of(daemon), pids(daemon)
        replaced(daemon)

        def block() -> None:
            with suppress(OSError):
                get(port, "/block")

        threading.Thread(target=block, daemon=True).start()
        until(lambda: "event loop blocked for 1 s" in reasons(daemon), what="the reason")
        until(lambda: pids(daemon) and not pids(daemon) & before, what="another worker")

        assert "in stand_still" in daemon.output("sick-0", "err")


def test_a_worker_that_grows_too_large_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(cared_for.spec(tmp_path, 1, memory=150 << 20))
        port, before = port_of(daemon), pids(daemon)
        replaced(daemon)
        get(port, "/grow")
        get(port, "/grow")

        until(lambda: pids(daemon) and not pids(daemon) & before, what="another worker")


def test_a_worker_that_gets_old_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(cared_for.spec(tmp_path, 1, lifetime=4.0))
        before = pids(daemon)
        replaced(daemon)

        until(lambda: pids(daemon) and not pids(daemon) & before, what="another worker")
        until(lambda: "it has lived for its 4 s" in reasons(daemon), what="the reason")


def test_a_worker_that_has_answered_its_share_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(cared_for.spec(tmp_path, 1, requests=50))
        port, before = port_of(daemon), pids(daemon)
        for _ in range(20):
            get(port, "/")
        replaced(daemon)
        for _ in range(35):
            get(port, "/")

        until(lambda: pids(daemon) and not pids(daemon) & before, what="another worker")


def test_a_schedule_goes_on_with_its_history(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(job("exit 3"))
        before = until(lambda: runs(daemon), what="a run")
        replaced(daemon)
        after = until(lambda: found if len(found := runs(daemon)) > len(before) + 1 else [], what="more runs")

        assert after[: len(before)] == before


def test_a_run_under_way_is_known_and_its_end_is_kept(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(job(f"until test -e {tmp_path}/go; do sleep 0.05; done; echo done", Schedule("0 0 1 1 *", "UTC")))
        daemon.ask("run-job", app="report", detach=True)
        pid = until(lambda: daemon.row("report-0")["pid"], what="a run")
        replaced(daemon)
        still = daemon.row("report-0")["pid"]
        (tmp_path / "go").touch()
        until(lambda: runs(daemon), what="the end of the run")

        assert still == pid
        assert len(runs(daemon)) == 1
        assert daemon.output("report-0") == "done\n"


def test_what_goes_before_a_start_goes_on_and_the_app_is_started_after_it(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        script = f"echo begun; until test -e {tmp_path}/go; do sleep 0.05; done; echo done"
        spec = replace(command("jobs", "sleep", "1000"), before_start=("sh", "-c", script))
        asking = threading.Thread(target=apply_in_vain, args=(daemon, spec))
        asking.start()
        until(lambda: daemon.output("jobs-before_start") == "begun\n", what="what goes before")
        replaced(daemon)
        asking.join()
        started = [row["status"] for row in daemon.rows() if row["pid"]]
        (tmp_path / "go").touch()

        assert started == []
        assert daemon.worker("jobs-0")
        assert daemon.output("jobs-before_start") == "begun\ndone\n"


def test_hooks_are_called_and_events_are_numbered_on(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with running(tmp_path / "home") as daemon:
        hook = Hook("crash", ("sh", "-c", f"cat >> {told}; echo >> {told}"))
        daemon.apply(replace(command("jobs", "sleep", "1000"), hooks=(hook,)))
        until(lambda: seqs(daemon), what="events")
        replaced(daemon)
        os.kill(daemon.worker("jobs-0"), signal.SIGKILL)

        until(lambda: told.exists() and "SIGKILL" in told.read_text(), what="the call of the hook")
        found = until(lambda: seqs(daemon) if "daemon_adopted" in events(daemon) else [], what="events")
        assert found == list(range(found[0], found[0] + len(found)))


def _events(daemon: Daemon) -> str:
    return (daemon.home / "events.jsonl").read_text()


def test_a_program_that_speaks_is_heard_and_replaced_when_it_falls_silent(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(speaker(tmp_path, watchdog=2.0))
        before = daemon.worker("speaker-0")
        replaced(daemon)
        until(lambda: daemon.row("speaker-0")["uptime"] > 6, what="time enough to be missed")
        spoke_on = daemon.worker("speaker-0")
        (tmp_path / "silence").touch()
        until(lambda: daemon.row("speaker-0")["pid"] != before, what="its end")

        assert spoke_on == before


def test_a_program_that_starts_is_heard_by_the_next_daemon(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        asking = threading.Thread(target=apply_in_vain, args=(daemon, speaker(tmp_path, after=3.0)))
        asking.start()
        until(lambda: daemon.rows() and daemon.row("speaker-0")["pid"], what="its process")
        replaced(daemon)
        asking.join()
        early = daemon.row("speaker-0")["status"]

        assert early == "launching"
        assert daemon.worker("speaker-0")


def test_what_depends_on_an_app_that_starts_is_started_by_the_next_daemon(tmp_path: Path) -> None:
    first = speaker(tmp_path, after=3.0)
    second = replace(command("second", "sleep", "1000"), depends_on=(Dependency("speaker", Condition.HEALTHY),))
    with running(tmp_path / "home") as daemon:
        asking = threading.Thread(target=apply_in_vain, args=(daemon, first, second))
        asking.start()
        until(lambda: daemon.rows() and daemon.row("speaker-0")["pid"], what="its process")
        replaced(daemon)
        asking.join()

        until(lambda: "second-0" in [row["slot"] for row in daemon.rows()], what="what depends on it")
        assert daemon.worker("second-0")
