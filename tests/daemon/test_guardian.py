import os
import signal
from pathlib import Path

from mainstay.daemon import guardian
from mainstay.sys import files, procfs
from tests.daemon.running import Daemon, is_gone, running, shell
from tests.waiting import until


def guardian_of(daemon: Daemon) -> int:
    """The pid of the shell that waits for the end of a daemon."""

    def look() -> int:
        for pid in procfs.pids():
            words = procfs.read(f"/proc/{pid}/cmdline").split(b"\0")
            beside = procfs.stat(pid)
            if guardian.SCRIPT.encode() in words and beside and beside.ppid == daemon.ask("ping")["pid"]:
                return pid
        return 0

    return until(look, what="a guardian")


def test_it_holds_what_must_stay_open_and_goes_when_the_daemon_is_asked_to_end(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        pid = guardian_of(daemon)
        assert guardian.waits(str(daemon.home))
    until(lambda: is_gone(pid), what="the guardian gone")

    assert not guardian.waits(str(tmp_path / "home"))


def test_one_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        first = guardian_of(daemon)
        os.kill(first, signal.SIGKILL)
        until(lambda: is_gone(first), what="the first one gone")
        second = guardian_of(daemon)

        assert second != first
        assert "another one is started" in daemon.log


def test_a_daemon_that_is_killed_is_replaced_with_all_that_ran(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(shell("jobs", "while :; do echo on; sleep 0.1; done"))
        worker = daemon.worker("jobs-0")
        daemon.process.kill()
        daemon.process.wait()

        assert daemon.worker("jobs-0") == worker
        assert guardian_of(daemon)
        assert guardian.waits(str(daemon.home))
        assert daemon.ask("ping")["pid"] != daemon.pid


def test_a_daemon_is_not_started_beside_a_guardian_that_will_bring_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    lock = os.open(home / guardian.LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    assert files.take(lock)
    waits = guardian.waits(str(home))
    os.close(lock)

    assert (waits, guardian.waits(str(home))) == (True, False)


def test_a_home_without_a_daemon_has_no_guardian(tmp_path: Path) -> None:
    assert not guardian.waits(str(tmp_path))
