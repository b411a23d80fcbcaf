"""A real daemon for the tests of this folder, in a home of its own, and what they ask of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from mainstay.client.connection import Client, open_connection
from mainstay.client.launch import daemon_command, daemon_environment
from mainstay.daemon.guardian import waits
from mainstay.errors import MainstayError
from mainstay.model.codec import dump
from mainstay.model.spec import AppSpec, Command, EnvLayer, Interface, PythonApp, Restart, RestartOn
from mainstay.sys import procfs
from tests.waiting import until

# Any: a row of `list` and other replies are plain JSON; a test looks at the fields it means.
Fields = dict[str, Any]

BASE = EnvLayer("base", {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"})


def command(name: str, *argv: str, cwd: str = "/", instances: int = 1, stop_timeout: float = 10.0) -> AppSpec:
    """A program under the daemon's care."""
    return AppSpec(name, Command(argv), cwd, instances=instances, stop_timeout=stop_timeout, env=(BASE,))


def shell(name: str, script: str, stop_timeout: float = 10.0) -> AppSpec:
    """A shell script under the daemon's care."""
    return command(name, "sh", "-c", script, stop_timeout=stop_timeout)


def web(name: str, target: str, cwd: Path, instances: int = 1, **program: Any) -> AppSpec:
    """A Python web app with no address: it starts and ends as others do, and nobody calls it."""
    app = PythonApp(target, program.pop("python", sys.executable), interface=Interface.ASGI, **program)
    return AppSpec(name, app, str(cwd), instances=instances, env=(BASE,))


def once(spec: AppSpec) -> AppSpec:
    """The same, and what ends is not started again."""
    return replace(spec, restart=Restart(on=RestartOn.NEVER))


class Daemon:
    """One that runs; `ask` uses a connection of its own for each request."""

    def __init__(self, home: Path, process: "subprocess.Popen[bytes]") -> None:
        self.home = home
        self.process = process
        self.pid = process.pid
        self.socket = str(home / "daemon.sock")

    def connect(self) -> Client:
        """A new connection, greeted; of the daemon that takes over, when this one was killed."""
        client = until(lambda: open_connection(self.socket), what="a daemon that answers")
        assert client is not None
        return client

    def ask(self, verb: str, **args: object) -> Any:
        """The result of a verb. Raises MainstayError."""
        with self.connect() as client:
            return client.ask(verb, args)

    def apply(self, *specs: AppSpec, mode: str = "start") -> Fields:
        """Start or change apps, and wait until they are ready."""
        result: Fields = self.ask("apply", specs=[dump(spec) for spec in specs], mode=mode)
        return result

    def rows(self) -> list[Fields]:
        """What `list` shows."""
        rows: list[Fields] = self.ask("list")["rows"]
        return rows

    def row(self, slot: str) -> Fields:
        """What `list` shows of one slot."""
        (found,) = [row for row in self.rows() if row["slot"] == slot]
        return found

    def worker(self, slot: str) -> int:
        """The pid of the worker that is online in a slot."""
        return until(lambda: row["pid"] if (row := self.row(slot))["status"] == "online" else 0, what=f"{slot} online")

    def stop(self, *selectors: str) -> Fields:
        """Stop apps."""
        result: Fields = self.ask("stop", selectors=list(selectors))
        return result

    def delete(self, *selectors: str) -> Fields:
        """Stop apps and forget them."""
        result: Fields = self.ask("delete", selectors=list(selectors))
        return result

    def children(self) -> dict[int, procfs.Stat]:
        """All processes below it, but not its guardian."""
        stats = procfs.all_stats()
        below = procfs.tree(self.pid, stats)[1:]
        return {pid: stats[pid] for pid in below if b"guardian.sh" not in procfs.read(f"/proc/{pid}/cmdline")}

    def fds(self) -> list[str]:
        """What its open descriptors are, without numbers, one connection of ours among them."""
        folder = f"/proc/{self.pid}/fd"
        names = []
        with self.connect() as client:
            for _ in "ab":  # when the second one is answered, the end of all earlier connections has been seen
                client.ask("ping")
            for fd in os.listdir(folder):
                with suppress(FileNotFoundError):
                    names.append(os.readlink(f"{folder}/{fd}").partition(":[")[0])
        return sorted(names)

    def cpu(self) -> float:
        """Seconds of CPU time that it has used."""
        stat = procfs.stat(self.pid)
        assert stat is not None
        return stat.cpu

    def is_well(self) -> bool:
        """Whether it answers."""
        return self.process.poll() is None and self.ask("ping")["pid"] == self.pid

    @property
    def log(self) -> str:
        """Its own words."""
        return (self.home / "daemon.log").read_text()

    def output(self, place: str, stream: str = "out") -> str:
        """What was captured of a place."""
        path = self.home / "logs" / f"{place}.{stream}.log"
        return path.read_text() if path.exists() else ""


@contextmanager
def running(home: Path, prepare: Callable[[], None] | None = None) -> Iterator[Daemon]:
    """A daemon that is up; asked to end everything at the end, and then nothing of it is left."""
    home.mkdir(mode=0o700, exist_ok=True)
    with (home / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            daemon_command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=daemon_environment(os.environ, str(home)),
            start_new_session=True,
            preexec_fn=prepare,
        )
    daemon = Daemon(home, process)
    try:
        until(lambda: process.poll() is not None or _answers(daemon), what="a daemon")
        assert process.poll() is None, daemon.log
        yield daemon
    finally:
        _end(daemon)


def _answers(daemon: Daemon) -> bool:
    client = open_connection(daemon.socket)
    if client is not None:
        client.close()
    return client is not None


def _end(daemon: Daemon) -> None:
    pid, below = daemon.pid, {}
    with suppress(MainstayError, OSError, AssertionError):  # it may be one that took over
        until(lambda: _answers(daemon) or not waits(str(daemon.home)), what="a daemon, or that none is to come")
        assert _answers(daemon)
        pid = daemon.ask("ping")["pid"]
        rows = {row["pid"] for row in daemon.rows()}
        stats = procfs.all_stats()
        below = {child: stats[child] for child in {*procfs.tree(pid, stats)[1:], *rows} if child in stats}
        daemon.ask("kill")
    try:
        until(lambda: daemon.process.poll() is not None and not _runs(daemon, pid), 30)
    except AssertionError:
        for end in {daemon.pid, pid}:
            with suppress(ProcessLookupError):
                os.kill(end, signal.SIGKILL)
    daemon.process.wait()
    for pid, stat in below.items():
        if procfs.start_time(pid) == stat.start:
            os.kill(pid, signal.SIGKILL)


def _runs(daemon: Daemon, pid: int) -> bool:
    return str(daemon.home) in procfs.read(f"/proc/{pid}/environ").decode(errors="replace")


def is_gone(pid: int) -> bool:
    """Whether nothing of a process is left, not even a zombie."""
    return procfs.stat(pid) is None
