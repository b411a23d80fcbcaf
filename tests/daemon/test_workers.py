import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from mainstay.core.effects import Fork
from mainstay.core.events import BecameReady, Event, Spawned
from mainstay.daemon.capture import Capture
from mainstay.daemon.children import Children
from mainstay.daemon.listeners import Listeners
from mainstay.daemon.outputs import Outputs
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.sweep import Sweeper
from mainstay.daemon.templates import OnFork, Templates
from mainstay.daemon.workers import Workers
from mainstay.errors import MainstayError
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec
from mainstay.sys import procfs
from mainstay.sys.fdstore import FdStore
from tests.daemon import apps
from tests.daemon.running import Daemon, command, is_gone, once, shell, web
from tests.daemon.turning import turned
from tests.waiting import until

DOUBLE_FORK = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "1001"])
    os._exit(0)
os.wait()
time.sleep(1000)
"""
DETACHED = """
import os, time
if os.fork() == 0:
    os.setsid()
    os.execve("/bin/sleep", ["sleep", "1001"], {})
time.sleep(1000)
"""

CLOSE_CONTROL = """
import os, socket, threading

def close():
    for fd in range(3, 64):
        try:
            copy = socket.socket(fileno=os.dup(fd))
        except OSError:
            continue
        if copy.type == socket.SOCK_SEQPACKET:
            os.close(fd)
        copy.close()
    print("closed")
"""


def named(daemon: Daemon, name: str) -> list[int]:
    return [pid for pid, stat in daemon.children().items() if stat.name == name and not stat.ended]


def running(daemon: Daemon, spec: AppSpec, name: str, count: int) -> list[int]:
    daemon.apply(spec)
    return until(lambda: found if len(found := named(daemon, name)) == count else [], what=f"{count} {name}")


def stopped(daemon: Daemon, pids: list[int]) -> None:
    assert daemon.stop("all")["survivors"] == []
    assert daemon.children() == {}
    assert all(is_gone(pid) for pid in pids)


def test_a_whole_shell_tree_is_gone_after_stop(daemon: Daemon) -> None:
    pids = running(daemon, shell("tree", "sleep 1000 & sleep 1000 & wait"), "sleep", 2)

    stopped(daemon, pids)


def test_children_that_ignore_the_stop_signal_are_killed(daemon: Daemon) -> None:
    script = "trap 'exit 0' TERM; (trap '' TERM; sleep 1000 & wait; wait) & wait"
    pids = running(daemon, shell("deaf", script, stop_timeout=0.5), "sleep", 1)
    started = time.monotonic()

    stopped(daemon, pids)
    assert time.monotonic() - started < 10


def test_a_program_that_ignores_the_stop_signal_is_killed_with_its_children(daemon: Daemon) -> None:
    pids = running(daemon, shell("deaf", "trap '' TERM; sleep 1000 & wait; wait", stop_timeout=0.5), "sleep", 1)

    stopped(daemon, pids)
    exits = daemon.ask("describe", selectors=["deaf"])["apps"][0]["slots"][0]["exits"]
    assert exits[-1]["signal"] == "SIGKILL"
    assert exits[-1]["asked"]


def test_a_child_with_a_session_of_its_own_is_gone_after_stop(daemon: Daemon) -> None:
    pids = running(daemon, shell("setsid", "setsid sleep 1000 & wait"), "sleep", 1)

    stopped(daemon, pids)


def test_a_daemon_that_a_worker_has_double_forked_is_gone_after_stop(daemon: Daemon) -> None:
    pids = running(daemon, command("forks", sys.executable, "-c", DOUBLE_FORK), "sleep", 1)
    until(lambda: daemon.children()[pids[0]].ppid == daemon.pid, what="the daemon as its parent")

    stopped(daemon, pids)


def test_a_child_that_hides_its_session_and_its_environment_is_gone_after_stop(daemon: Daemon) -> None:
    pids = running(daemon, command("hides", sys.executable, "-c", DETACHED), "sleep", 1)

    stopped(daemon, pids)


def test_what_a_crashed_program_leaves_behind_ends_before_it_starts_anew(daemon: Daemon) -> None:
    pids = running(daemon, shell("crash", "sleep 1000 & wait"), "sleep", 1)
    leader = daemon.worker("crash-0")

    os.kill(leader, signal.SIGKILL)
    until(lambda: daemon.row("crash-0")["restarts"] == 1)
    fresh = daemon.worker("crash-0")

    assert fresh != leader
    assert is_gone(pids[0])
    until(lambda: len(named(daemon, "sleep")) == 1)


def test_what_a_crashed_web_worker_leaves_behind_ends_while_the_new_one_serves(daemon: Daemon, tmp_path: Path) -> None:
    folder = apps.write(
        tmp_path / "site",
        shop=apps.GOOD.replace("await send", "import subprocess; subprocess.Popen(['sleep', '1000']); await send", 1),
    )
    pids = running(daemon, web("shop", "shop:app", folder), "sleep", 1)

    os.kill(daemon.worker("shop-0"), signal.SIGKILL)
    until(lambda: is_gone(pids[0]))
    daemon.worker("shop-0")

    assert daemon.row("shop-0")["restarts"] == 1
    assert daemon.stop("shop")["survivors"] == []
    until(lambda: daemon.children() == {})


@pytest.mark.parametrize(
    ("argv", "cwd", "cause"),
    [
        (("/nothing/here",), "/", "cannot run /nothing/here: No such file or directory"),
        (("nothing-here",), "/", "cannot run nothing-here: No such file or directory"),
        (("/etc/passwd",), "/", "cannot run /etc/passwd: Permission denied"),
        (("sleep", "1000"), "/nothing/here", "cannot enter its folder /nothing/here: No such file or directory"),
    ],
)
def test_a_program_that_cannot_run_is_refused_with_the_cause(
    daemon: Daemon, argv: tuple[str, ...], cwd: str, cause: str
) -> None:
    before = daemon.fds()

    with pytest.raises(MainstayError) as refused:
        daemon.apply(command("bad", *argv, cwd=cwd))

    assert cause in refused.value.message
    assert daemon.rows() == []
    until(lambda: daemon.fds() == before, what="the same descriptors")


def test_a_script_without_its_interpreter_is_refused_with_the_cause(daemon: Daemon, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/nothing/python\n")
    script.chmod(0o755)

    with pytest.raises(MainstayError) as refused:
        daemon.apply(command("bad", str(script)))

    assert f"cannot run {script}: No such file or directory" in refused.value.message


def test_a_program_that_fails_at_once_is_refused_with_its_last_lines(daemon: Daemon) -> None:
    with pytest.raises(MainstayError) as refused:
        daemon.apply(shell("bad", "echo no such table >&2; exit 3"))

    assert "exit code 3" in refused.value.message
    assert refused.value.lines == ("no such table",)


def test_a_worker_that_never_gets_ready_is_refused_with_its_last_lines(daemon: Daemon, tmp_path: Path) -> None:
    source = "import asyncio\nasync def app(scope, receive, send):\n    print('waiting'); await asyncio.sleep(1000)\n"
    folder = apps.write(tmp_path / "site", hangs=source)

    with pytest.raises(MainstayError) as refused:
        daemon.apply(replace(web("hangs", "hangs:app", folder), start_timeout=2.0, stop_timeout=1.0))

    assert "not ready after 2 s" in refused.value.message
    assert refused.value.lines == ("waiting",)
    until(lambda: daemon.children() == {})


def test_a_web_worker_that_dies_as_it_starts_says_why(daemon: Daemon, tmp_path: Path) -> None:
    folder = apps.write(tmp_path / "site", dies=apps.DIES_AS_IT_STARTS)

    with pytest.raises(MainstayError) as refused:
        daemon.apply(web("dies", "dies:app", folder))

    assert any("no database" in line for line in refused.value.lines)
    until(lambda: daemon.children() == {})


def test_a_worker_that_closes_its_control_socket_serves_on_and_stops(daemon: Daemon, tmp_path: Path) -> None:
    closes = apps.GOOD + CLOSE_CONTROL
    closes = closes.replace(
        "            if message", "            threading.Timer(0.2, close).start()\n            if message"
    )
    folder = apps.write(tmp_path / "site", closes=closes)
    daemon.apply(web("closes", "closes:app", folder))
    pid = daemon.worker("closes-0")
    until(lambda: "closed" in daemon.output("closes-0"))

    assert daemon.is_well()
    assert daemon.worker("closes-0") == pid
    daemon.stop("closes")
    until(lambda: daemon.children() == {})


def test_a_job_that_ends_well_stays_ended_and_leaves_nothing(daemon: Daemon) -> None:
    before = daemon.fds()
    daemon.apply(once(shell("job", "echo done")))

    until(lambda: daemon.row("job-0")["status"] == "stopped")
    assert daemon.children() == {}
    until(lambda: daemon.output("job-0") == "done\n")
    until(lambda: daemon.fds() == before, what="the same descriptors")


class QuickFork:
    """A template whose worker says that it is ready before the template tells its pid."""

    def __init__(self) -> None:
        self.told: Callable[[str, int, str], None] | None = None

    def fork(self, _worker: WorkerId, _env: dict[str, str], fds: tuple[int, ...], told: OnFork) -> bool:
        self.told = told
        with socket.socket(fileno=os.dup(fds[2])) as control:
            control.send(b"READY=1")
        return True


def test_a_worker_is_not_online_before_its_pid_is_known(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    events: list[Event] = []
    reactor = Reactor()
    children = Children(reactor)
    capture = Capture(lambda _: None)
    store = FdStore()
    outputs, listeners = Outputs(str(tmp_path), capture, store), Listeners(reactor, store)
    workers = Workers(Sweeper(reactor, children), children, listeners, outputs, store, events.append)
    worker, template = WorkerId(SlotId("web", 0), 1, 1), QuickFork()

    workers.fork(Fork(worker, web("web", "main:app", tmp_path), 0), cast(Templates, template))
    reactor.wait(time.monotonic())
    before = list(events)
    assert template.told is not None
    with subprocess.Popen(["sleep", "1000"]) as process:
        start = procfs.start_time(process.pid)
        template.told(worker.token, process.pid, "")
        process.kill()
        turned(reactor, lambda: len(events) == 3)
    capture.close()

    assert before == []
    assert start is not None
    assert events[:2] == [Spawned(worker, process.pid, start), BecameReady(worker)]


def test_a_signal_reaches_the_main_process_alone(daemon: Daemon) -> None:
    script = (
        "trap 'echo heard' USR1; (trap 'echo child' USR1; while :; do sleep 0.05; done) & while :; do sleep 0.05; done"
    )
    daemon.apply(shell("hears", script))
    daemon.worker("hears-0")

    daemon.ask("signal", selectors=["hears"], signal="USR1")
    until(lambda: "heard" in daemon.output("hears-0"))

    assert "child" not in daemon.output("hears-0")


def test_starts_stops_reloads_and_crashes_leak_no_descriptor_and_no_process(daemon: Daemon, tmp_path: Path) -> None:
    folder = apps.write(tmp_path / "site", shop=apps.GOOD, broken=apps.NO_IMPORT)
    both = (web("shop", "shop:app", folder), command("jobs", "sleep", "1000"))
    daemon.apply(*both)
    daemon.delete("all")
    before = until(lambda: daemon.children() == {} and daemon.fds())

    for _ in range(5):
        daemon.apply(*both)
        daemon.ask("reload", selectors=["shop"])
        for slot in ("shop-0", "jobs-0"):
            os.kill(daemon.worker(slot), signal.SIGKILL)
            until(lambda slot=slot: daemon.row(slot)["restarts"] == 1)  # type: ignore[misc]
            daemon.worker(slot)
        for wrong in (command("bad", "/nothing/here"), shell("bad", "exit 1"), web("bad", "broken:app", folder)):
            with pytest.raises(MainstayError):
                daemon.apply(wrong)
        daemon.ask("restart", selectors=["all"])
        daemon.delete("all")

    until(lambda: daemon.children() == {}, what="no process left")
    until(lambda: daemon.fds() == before, what=f"{before}")


def test_many_programs_that_end_at_once_are_all_seen_and_reaped(daemon: Daemon) -> None:
    script = "for i in 1 2 3 4 5; do (sleep 0.0$i & sleep 0.01 & ) & done; wait; sleep 1000"
    specs = [shell(f"storm{i}", script) for i in range(30)]
    daemon.apply(*specs)
    before = {row["slot"]: daemon.worker(row["slot"]) for row in daemon.rows()}

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(row["restarts"] == 1 and row["status"] == "online" for row in daemon.rows()))

    until(lambda: len(daemon.children()) == 60, what="thirty shells, each with one sleep, and no zombies")


def test_fifty_apps_stop_within_a_second_of_the_daemons_time(daemon: Daemon) -> None:
    daemon.apply(*(command(f"sleep{i}", "sleep", "1000") for i in range(50)))
    before = procfs.stat(daemon.pid)
    daemon.stop("all")
    after = procfs.stat(daemon.pid)

    assert before is not None
    assert after is not None
    assert daemon.children() == {}
    assert after.cpu - before.cpu < 1.0
