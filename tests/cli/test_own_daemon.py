"""In processes of their own: an own daemon makes its owner a subreaper that reaps every child."""

import os
from pathlib import Path

import pytest

from mainstay.cli.own_daemon import OwnDaemon
from mainstay.cli.signals import STOP, Signals
from mainstay.client.launch import launch
from mainstay.errors import MainstayError
from tests.end_to_end.site import is_alive
from tests.sys.children import line, python
from tests.waiting import until

BEGIN = """
import os, signal, sys, time
from mainstay.cli.own_daemon import DaemonGone, OwnDaemon, StopAsked
from mainstay.cli.signals import STOP, Signals
from mainstay.client import launch as launching
from mainstay.model.codec import dump
from mainstay.model.spec import AppSpec, Command
from mainstay.sys import procfs

def apply(daemon, *argv, **more):
    spec = AppSpec("jobs", Command(argv), "/", **more)
    return daemon.ask("apply", {"specs": [dump(spec)], "mode": "start"})

def kill_with_guardian(pid):
    os.kill(pid, signal.SIGSTOP)  # or it would start another guardian
    guardians = [child for child in procfs.children(pid) if procfs.stat(child).name == "sh"]
    for one in (*guardians, pid):
        os.kill(one, signal.SIGKILL)

with Signals(STOP) as signals:
    daemon = OwnDaemon(sys.argv[1], signals)
    daemon.launch()
"""


@pytest.fixture
def short_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("h"))


def test_it_is_started_asked_and_ended(short_home: str) -> None:
    code = (
        BEGIN
        + """
    apply(daemon, "sleep", "1000")
    daemon.tick()
    print([row["status"] for row in daemon.rows], daemon.pid, flush=True)
    daemon.kill()
    print(daemon.has_finished(), flush=True)
"""
    )
    with python(code, short_home) as process:
        shown, pid = line(process).rsplit(" ", 1)

        assert shown == "['online']"
        assert line(process) == "True"
    assert not is_alive(int(pid))


def test_a_daemon_that_runs_already_is_not_taken_over(short_home: str) -> None:
    with launch(short_home) as running, Signals(STOP) as signals:
        try:
            with pytest.raises(MainstayError, match=f"a daemon \\(pid {running.pid}\\) runs already"):
                OwnDaemon(short_home, signals).launch()
        finally:
            running.ask("kill")
            running.hung_up(10)
            os.waitpid(running.pid, 0)


def test_a_request_to_stop_ends_the_wait_for_an_answer(short_home: str) -> None:
    code = (
        BEGIN
        + """
    print("up", flush=True)
    try:
        while True:
            apply(daemon, "sh", "-c", "while :; do :; done", start_timeout=60.0)
            daemon.ask("restart", {"selectors": ["all"]})
    except StopAsked:
        print("stop", flush=True)
    daemon.kill()
"""
    )
    with python(code, short_home) as process:
        assert line(process) == "up"
        process.terminate()

        assert line(process) == "stop"
        assert process.wait(60) == 0


def test_a_signal_while_everything_ends_hurries(short_home: str) -> None:
    code = (
        BEGIN
        + """
    apply(daemon, "sh", "-c", "trap '' TERM; while :; do sleep 1; done", stop_timeout=1000.0)
    print("up", flush=True)
    daemon.kill()
"""
    )
    with python(code, short_home) as process:
        assert line(process) == "up"
        process.terminate()

        assert process.wait(60) == 0


def test_a_daemon_that_is_killed_is_brought_back_with_what_it_ran_though_its_guardian_is_killed_too(
    short_home: str,
) -> None:
    code = (
        BEGIN
        + """
    apply(daemon, "sleep", "1000")
    daemon.tick()
    first, worker = daemon.pid, daemon.rows[0]["pid"]
    kill_with_guardian(first)
    while not (daemon.tick() and daemon.pid != first):
        time.sleep(0.01)
    print(daemon.rows[0]["pid"] == worker, daemon.rows[0]["status"], daemon.rows[0]["restarts"], flush=True)
    daemon.kill()
    print(worker in procfs.all_stats(), daemon.has_finished(), flush=True)
"""
    )
    with python(code, short_home) as process:
        assert line(process) == "True online 0"
        assert line(process) == "False True"


def test_a_daemon_that_is_gone_for_good_is_told_and_what_it_left_is_ended(short_home: str) -> None:
    code = (
        BEGIN
        + """
    apply(daemon, "sleep", "1000")
    daemon.tick()
    print(daemon.rows[0]["pid"], flush=True)
    launching.daemon_command = lambda: [sys.executable, "-c", "raise SystemExit(1)"]
    kill_with_guardian(daemon.pid)
    try:
        while True:
            daemon.tick()
            time.sleep(0.05)
    except DaemonGone as gone:
        print(gone.message, flush=True)
    daemon.end_left_behind()
    print("ended", flush=True)
"""
    )
    with python(code, short_home) as process:
        worker = int(line(process))
        assert line(process) == "cannot go on: the daemon is gone (killed by SIGKILL), and cannot be brought back"
        assert line(process) == "ended"

    until(lambda: not is_alive(worker))


def test_an_end_that_another_asked_for_is_known_though_the_daemon_was_killed_before(short_home: str) -> None:
    code = (
        BEGIN
        + """
    from mainstay.client.launch import bring_back
    apply(daemon, "sleep", "1000")
    os.kill(daemon.pid, signal.SIGKILL)
    with bring_back(sys.argv[1]) as client:
        client.ask("kill")
    while not (daemon.tick() and not daemon.rows):
        time.sleep(0.01)
    print(daemon.has_finished(), flush=True)
"""
    )
    with python(code, short_home) as process:
        assert line(process) == "True"


def test_the_daemon_of_a_command_that_was_killed_goes_to_the_next_one(short_home: str) -> None:
    first = (
        BEGIN
        + """
    apply(daemon, "sleep", "1000")
    daemon.tick()
    print(daemon.rows[0]["pid"], flush=True)
    time.sleep(1000)
"""
    )
    second = (
        BEGIN
        + """
    daemon.tick()
    print(daemon.rows[0]["pid"], flush=True)
    daemon.kill()
    print(daemon.has_finished(), flush=True)
"""
    )
    with python(first, short_home) as process:
        worker = line(process)
        process.kill()
        process.wait()

        with python(second, short_home) as other:
            assert line(other) == worker
            assert line(other) == "True"
    assert not is_alive(int(worker))


def test_what_is_not_there_has_no_rows(tmp_path: Path) -> None:
    with Signals(STOP) as signals:
        assert OwnDaemon(str(tmp_path), signals).rows == []
