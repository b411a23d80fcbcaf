import os
import select
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.daemon.notify import Notify, name_of
from mainstay.daemon.reactor import Reactor
from mainstay.errors import MainstayError
from mainstay.model.spec import AppSpec, Command, Limits
from mainstay.sys.fds import send_with_fds
from tests.daemon.running import Daemon, command
from tests.daemon.turning import turned
from tests.waiting import until

SPEAKER = """
import contextlib, os, socket, sys, time
def say(text):
    name = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):  # nobody need listen
        sock.sendto(text.encode(), "\\0" + name[1:])
time.sleep(float(sys.argv[1]))
say("READY=1\\nSTATUS=here")
while not os.path.exists(sys.argv[2]):
    if os.environ.get("WATCHDOG_USEC"):
        say("WATCHDOG=1")
    time.sleep(0.1)
time.sleep(1000)
"""


def speaker(tmp_path: Path, after: float = 0.0, notify: bool = True, watchdog: float = 0.0) -> AppSpec:
    """A program that says when it is ready, and that it lives until a file is there."""
    spec = command("speaker", sys.executable, "-c", SPEAKER, str(after), str(tmp_path / "silence"))
    assert isinstance(spec.program, Command)
    return replace(spec, program=replace(spec.program, notify=notify), limits=Limits(watchdog=watchdog))


def test_a_program_that_says_when_it_is_ready_is_waited_for(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(speaker(tmp_path, after=2.0))

    (described,) = daemon.ask("describe", selectors=["speaker"])["apps"]
    assert described["slots"][0]["ready_time"] >= 2.0


def test_a_program_that_is_to_say_so_and_does_not_is_not_started(daemon: Daemon) -> None:
    silent = command("silent", "sleep", "1000")
    assert isinstance(silent.program, Command)

    with pytest.raises(MainstayError, match="not ready after 1 s"):
        daemon.apply(replace(silent, program=replace(silent.program, notify=True), start_timeout=1.0))


def test_a_program_that_is_watched_and_never_speaks_is_started_and_let_alone(daemon: Daemon) -> None:
    daemon.apply(replace(command("silent", "sleep", "1000"), limits=Limits(watchdog=0.2)))
    before = daemon.worker("silent-0")
    daemon.apply(command("other", "sleep", "1000"))
    until(lambda: daemon.row("silent-0")["uptime"] > 1.0, what="time enough")

    assert daemon.worker("silent-0") == before


def test_a_program_that_falls_silent_is_replaced(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(speaker(tmp_path, watchdog=1.0))
    before = daemon.worker("speaker-0")
    (tmp_path / "silence").touch()
    until(lambda: daemon.row("speaker-0")["pid"] != before, what="an end")
    (described,) = daemon.ask("describe", selectors=["speaker"])["apps"]

    (last,) = described["slots"][0]["exits"][:1]
    assert last["signal"] == "SIGABRT"
    assert "silent for longer than its watchdog allows" in str(last["lines"])


def test_a_barrier_is_let_go_and_who_is_no_worker_is_not_heard(tmp_path: Path) -> None:
    heard: list[tuple[int, str]] = []

    def take(pid: int, text: str) -> bool:
        heard.append((pid, text))
        return False

    reactor = Reactor()
    Notify(reactor, str(tmp_path), take)
    reader, writer = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\0" + name_of(str(tmp_path))[1:])
        send_with_fds(sock, b"BARRIER=1", (writer,))
    os.close(writer)
    turned(reactor, lambda: select.select([reader], [], [], 0)[0], "an end of the barrier")

    assert os.read(reader, 1) == b""
    assert heard == []  # it was this very process, which is no worker
    os.close(reader)


def test_a_long_home_has_a_short_name(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()

    assert len(name_of(str(long))) <= 100
    assert name_of(str(long)) == name_of(str(long))
