"""Hooks of a real daemon: called with what happened, held back, ended when they hang."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import mainstay
from mainstay.daemon import hooks
from mainstay.daemon.children import Children
from mainstay.daemon.events_log import Event
from mainstay.daemon.hooks import Hooks
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.sweep import Sweeper
from mainstay.model.happening import Kind
from mainstay.model.spec import AppSpec, Command, Hook, Privileges, Restart
from tests.adopting import adopting
from tests.daemon.happenings import events, until_events
from tests.daemon.running import BASE, Daemon, command, is_gone
from tests.daemon.turning import turned
from tests.receiver import receiving
from tests.waiting import until

SOURCE = {"PYTHONPATH": os.path.dirname(os.path.dirname(mainstay.__file__))}
HOPELESS = Restart(first=0.01, exponential=False)


def noting(folder: Path, event: str, interval: float = 60.0) -> Hook:
    """A hook that appends what it is told to a file."""
    script = f'cat >> {folder}/told; echo "$MAINSTAY_EVENT|$MAINSTAY_APP|$MAINSTAY_SLOT|$MAINSTAY_TEXT" >> {folder}/env'
    return Hook(event, ("sh", "-c", script), interval=interval)


def told(folder: Path) -> list[dict[str, Any]]:  # Any: each test looks at the keys it means
    path = folder / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def until_told(folder: Path, count: int = 1) -> list[dict[str, Any]]:
    return until(lambda: found if len(found := told(folder)) >= count else [], what=f"{count} calls")


def test_a_crash_calls_its_command_with_the_reason_and_the_last_lines(daemon: Daemon, tmp_path: Path) -> None:
    spec = replace(command("jobs", "sh", "-c", "echo oops >&2; sleep 1000"), hooks=(noting(tmp_path, "crash"),))
    daemon.apply(spec)
    pid = daemon.worker("jobs-0")
    os.kill(pid, signal.SIGKILL)

    (event,) = until_told(tmp_path)
    (called,) = until_events(daemon, "hook")
    assert (event["event"], event["app"], event["slot"], event["pid"]) == ("crash", "jobs", "jobs-0", pid)
    assert (event["signal"], event["code"], event["lines"], event["suppressed"]) == ("SIGKILL", None, ["oops"], 0)
    assert (tmp_path / "env").read_text().startswith("crash|jobs|jobs-0|jobs on ")
    assert (called["on"], called["of"]) == ("crash", event["seq"])


def test_a_command_has_the_privileges_of_its_app(daemon: Daemon, tmp_path: Path) -> None:
    hook = Hook("crash", ("sh", "-c", f"nice > {tmp_path}/nice"))
    daemon.apply(replace(command("jobs", "sleep", "1000"), hooks=(hook,), privileges=Privileges(nice=7)))
    os.kill(daemon.worker("jobs-0"), signal.SIGKILL)
    until_events(daemon, "hook")

    assert (tmp_path / "nice").read_text() == "7\n"


def test_a_crash_loop_calls_its_hook_once_in_an_interval_and_tells_what_was_held_back(
    daemon: Daemon, tmp_path: Path
) -> None:
    hook = noting(tmp_path, "crash", interval=1.0)
    spec = replace(command("loop", "sh", "-c", f"test -e {tmp_path}/broken && exit 3; sleep 1000"), restart=HOPELESS)
    daemon.apply(replace(spec, hooks=(hook,)))
    (tmp_path / "broken").touch()
    os.kill(daemon.worker("loop-0"), signal.SIGKILL)

    calls = until_told(tmp_path, 3)
    crashes = [event["seq"] for event in events(daemon.home, "crash")]
    places = [crashes.index(call["seq"]) for call in calls]
    assert places[0] == 0
    assert calls[0]["suppressed"] == 0
    assert [call["suppressed"] for call in calls[1:]] == [b - a - 1 for a, b in pairwise(places)]
    assert all(call["suppressed"] > 0 for call in calls[1:])


def test_a_webhook_gets_the_event_and_its_secret_is_nowhere(daemon: Daemon) -> None:
    with receiving() as receiver:
        hook = Hook("crash", url=receiver.url("/services/hunter2?key=hunter3", "me:hunter4@"))
        daemon.apply(replace(command("jobs", "sleep", "1000"), hooks=(hook,)))
        os.kill(daemon.worker("jobs-0"), signal.SIGKILL)
        (body,) = until(lambda: receiver.bodies)
        until_events(daemon, "hook")

    described = json.dumps(daemon.ask("describe", selectors=["jobs"]))
    recorded = (daemon.home / "events.jsonl").read_text()
    assert receiver.requests[0][0] == "/services/hunter2?key=hunter3"
    assert (body["event"], body["signal"]) == ("crash", "SIGKILL")
    assert "killed by SIGKILL" in body["text"]
    assert f"http://127.0.0.1:{receiver.port}" in described
    assert "hunter" not in described + recorded + daemon.log


def test_a_hook_that_fails_is_recorded_and_calls_no_hook(daemon: Daemon, tmp_path: Path) -> None:
    failing = Hook("start", ("sh", "-c", "echo no route to https://ntfy.sh/hunter2 >&2; exit 7"))
    spec = replace(command("jobs", "sleep", "1000"), hooks=(failing, noting(tmp_path, "hook_failed")))
    daemon.apply(spec)

    (failed,) = until_events(daemon, "hook_failed")
    assert (failed["on"], failed["reason"]) == ("start", "exit code 7")
    assert failed["lines"] == ["no route to https://ntfy.sh/********"]
    daemon.stop("jobs")
    assert told(tmp_path) == []


def test_a_hook_whose_program_is_missing_is_recorded(daemon: Daemon) -> None:
    daemon.apply(replace(command("jobs", "sleep", "1000"), hooks=(Hook("start", ("no-such-mailer",)),)))

    (failed,) = until_events(daemon, "hook_failed")
    assert "no-such-mailer" in failed["text"]
    assert daemon.is_well()


def test_start_and_stop_call_their_hooks_once_for_an_app(daemon: Daemon, tmp_path: Path) -> None:
    both = (noting(tmp_path, "start"), noting(tmp_path, "stop"))
    daemon.apply(replace(command("jobs", "sleep", "1000", instances=3), hooks=both))
    until_told(tmp_path)
    daemon.stop("jobs")
    until_told(tmp_path, 2)

    assert [event["event"] for event in told(tmp_path)] == ["start", "stop"]


def test_a_hook_that_runs_when_the_daemon_ends_may_finish(daemon: Daemon, tmp_path: Path) -> None:
    slow = Hook("stop", ("sh", "-c", f"sleep 0.5; cat > {tmp_path}/told"))
    daemon.apply(replace(command("jobs", "sleep", "1000"), hooks=(slow,)))
    daemon.stop("jobs")
    daemon.ask("kill")
    daemon.process.wait(30)

    assert told(tmp_path)[0]["event"] == "stop"


class Desk:
    """Hooks on a reactor of the test's own, and what they recorded."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        children = Children(self.reactor)
        self.hooks = Hooks(Sweeper(self.reactor, children), children, self.tell)
        self.told: list[tuple[Kind, str]] = []

    def tell(self, kind: Kind, text: str, _app: str, _facts: Event) -> None:
        """Keep what is recorded."""
        self.told.append((kind, text))


def crash(seq: int = 1) -> Event:
    return {"seq": seq, "time": "", "level": "error", "event": "crash", "app": "web", "slot": "", "text": "gone"}


def app(*found: Hook) -> AppSpec:
    return AppSpec("web", Command(("true",)), "/", env=(BASE,), hooks=found)


def test_a_hook_that_hangs_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "TIMEOUT", 0.5)
    desk, pids = Desk(), tmp_path / "pids"
    script = f"setsid sleep 1000 & echo $! > {pids}; sleep 1000 & echo $! >> {pids}; echo $$ >> {pids}; wait"
    with adopting():
        desk.hooks.fire(app(Hook("crash", ("sh", "-c", script))), crash())
        turned(desk.reactor, lambda: desk.told)
        found = [int(line) for line in pids.read_text().split()]
        turned(desk.reactor, lambda: all(map(is_gone, found)))

    assert len(found) == 3
    assert desk.told == [(Kind.HOOK_FAILED, "hook on crash failed: sh: it took longer than 0.5 s and was ended")]


def test_hooks_are_called_once_in_an_interval_each_with_what_was_held_back(tmp_path: Path) -> None:
    desk = Desk()
    often, rarely = noting(tmp_path, "crash", interval=0.0), replace(noting(tmp_path / "rare", "crash"), interval=60.0)
    (tmp_path / "rare").mkdir()
    for seq in range(5):
        desk.hooks.fire(app(often, rarely), crash(seq))
    turned(desk.reactor, lambda: not desk.hooks.is_busy)

    assert sorted((event["seq"], event["suppressed"]) for event in told(tmp_path)) == [(seq, 0) for seq in range(5)]
    assert [(event["seq"], event["suppressed"]) for event in told(tmp_path / "rare")] == [(0, 0)]


def test_only_a_few_run_at_once_and_none_is_lost(tmp_path: Path) -> None:
    desk = Desk()
    for seq in range(hooks.AT_ONCE * 3):
        desk.hooks.fire(app(noting(tmp_path, "crash", interval=0.0)), crash(seq))
        assert len(desk.hooks._running) <= hooks.AT_ONCE
    turned(desk.reactor, lambda: not desk.hooks.is_busy)

    assert sorted(event["seq"] for event in told(tmp_path)) == list(range(hooks.AT_ONCE * 3))


def test_a_flood_from_a_hook_is_read_and_only_its_end_kept() -> None:
    desk = Desk()
    desk.hooks.fire(app(Hook("crash", ("sh", "-c", "yes | head -c 1000000; echo the end; exit 1"))), crash())
    turned(desk.reactor, lambda: desk.told)

    assert desk.told == [(Kind.HOOK_FAILED, "hook on crash failed: sh: exit code 1: the end")]


def test_hooks_can_be_shown() -> None:
    assert repr(hooks.Run(Hook("crash"), app(), crash(), 1)) == "<Run hook:web.crash.1 pid 0>"


def test_a_daemon_in_which_no_hook_was_called_has_loaded_none_of_this(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(replace(command("jobs", "sleep", "1000"), hooks=(noting(tmp_path, "crash"),)))
    code = "import sys, mainstay.daemon.loop; print([n for n in sys.modules if 'hook' in n or n in ('http', 'ssl')])"

    loaded = subprocess.run([sys.executable, "-c", code], env=SOURCE, capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
    assert events(daemon.home, "hook", "hook_failed") == []
