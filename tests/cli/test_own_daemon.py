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
from mainstay.model.codec import dump
from mainstay.model.spec import AppSpec, Command
from mainstay.sys import procfs

def apply(daemon, *argv, **more):
    spec = AppSpec("jobs", Command(argv), "/", **more)
    return daemon.ask("apply", {"specs": [dump(spec)], "mode": "start"})

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


def test_a_daemon_that_is_gone_for_good_is_told_and_what_it_left_is_ended(short_home: str) -> None:
    code = (
        BEGIN
        + """
    apply(daemon, "sleep", "1000")
    daemon.tick()
    print(daemon.rows[0]["pid"], flush=True)
    try:
        while True:  # whoever brings it back is ended as well
            for pid, one in procfs.all_stats().items():
                if one.name == "mainstay" and one.ppid == os.getpid():
                    os.kill(pid, signal.SIGKILL)
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
        told = line(process)
        assert "the daemon is gone (killed by SIGKILL), and was not brought back" in told
        assert line(process) == "ended"

    until(lambda: not is_alive(worker))


def test_what_is_not_there_has_no_rows(tmp_path: Path) -> None:
    with Signals(STOP) as signals:
        assert OwnDaemon(str(tmp_path), signals).rows == []
