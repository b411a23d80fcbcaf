"""Starting the daemon: detached from the terminal, heard through daemon.log until its socket answers."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from mainstay.client.connection import open_connection
from mainstay.client.home import prepared_home, socket_path
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstay.client.connection import Client

LAUNCH_TIMEOUT = 10.0
"""Seconds a daemon has until its socket answers."""

_AFTER_EXIT = 10.0  # seconds in which another daemon, of a guardian or of a command at the same time, may still come up
_GUARDIAN_NEEDS = 1.0  # seconds in which a guardian mostly has a new daemon up
_LINES = 10
_TRACEBACK = "Traceback (most recent call last):"


class LaunchFailed(MainstayError):
    """The daemon ended or did not answer in time; its last words are the lines."""


def launch(home: str, timeout: float = LAUNCH_TIMEOUT, mark: Mapping[str, str] | None = None) -> Client:
    """Start a daemon for this home and connect to it. Raises LaunchFailed after `timeout` seconds or when it ends.

    When two commands do this at once, the second daemon gives way to the first, and both connect to that one.
    `mark` are further variables of its environment, which the daemons after it inherit.
    """
    socket = socket_path(prepared_home(home))
    log = os.path.join(home, "daemon.log")
    said_before = os.path.getsize(log) if os.path.exists(log) else 0
    child = _spawn(home, log, mark or {})
    deadline = time.monotonic() + timeout
    pause = 0.002
    exited = False
    while time.monotonic() < deadline:
        client = open_connection(socket, timeout=max(0.1, deadline - time.monotonic()))
        if client is not None:
            client.started = client.pid == child.pid
            return client
        if not exited and child.poll() is not None:
            exited = True
            deadline = min(deadline, time.monotonic() + (_AFTER_EXIT if child.returncode == 0 else 0.2))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    if not exited:
        why = f"it did not answer within {timeout:g} s (pid {child.pid})"
        raise LaunchFailed(f"cannot start the daemon: {why}", hint=f"its log is {log}", lines=_words(log, said_before))
    raise _ended(child.returncode, _words(log, said_before), log)


def bring_back(home: str, mark: Mapping[str, str] | None = None) -> Client | None:
    """The daemon that takes over from one that was killed; None when none was. Raises LaunchFailed."""
    if not was_killed(home):
        return None
    socket = socket_path(home)
    deadline = time.monotonic() + _GUARDIAN_NEEDS
    while time.monotonic() < deadline:
        client = open_connection(socket)
        if client is not None:
            return client
        time.sleep(0.01)
    return launch(home, mark=mark)


def was_killed(home: str) -> bool:
    """Whether what ran when a daemon was there last has not been ended, in this boot of the machine."""
    try:
        with open(os.path.join(home, "running.jsonl"), "rb") as file:
            first = file.readline(4096)
    except OSError:
        return False
    from mainstay.sys.machine import boot_id

    boot = boot_id()
    return boot is not None and f'"{boot}"'.encode() in first


def daemon_command() -> list[str]:
    """What is run: this interpreter, with nothing of its environment but our own package (memory; nothing shadows).

    By its path, because `-m` would import 1 MB for finding it.
    """
    return [sys.executable, "-S", "-P", os.path.join(_package(), "daemon", "__main__.py")]


def daemon_environment(environ: Mapping[str, str], home: str) -> dict[str, str]:
    """The daemon's variables: ours, where to find our package and what our environment can lend, bytecode kept."""
    from sysconfig import get_path

    result = {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return result | {
        "MAINSTAY_HOME": home,
        "MAINSTAY_SITE": get_path("platlib"),
        "PYTHONPATH": os.path.dirname(_package()),
        "MALLOC_ARENA_MAX": "1",  # its threads allocate next to nothing: they need no heaps of their own
    }


def _package() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _spawn(home: str, log: str, mark: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise MainstayError(f"cannot start the daemon: cannot write {log}: {error.strerror}") from None
    try:
        return subprocess.Popen(
            daemon_command(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",  # it must not keep a folder or a mount busy
            env=daemon_environment(os.environ, home) | dict(mark),
            start_new_session=True,
            close_fds=True,  # a lock or pipe of the caller's shell must not live on in the daemon
        )
    except OSError as error:
        raise MainstayError(f"cannot start the daemon: {error.strerror}: {sys.executable}") from None
    finally:
        os.close(out)


def _ended(code: int, words: tuple[str, ...], log: str) -> LaunchFailed:
    """Why a daemon ended before it answered: what the system refused it where that is so, else its last words."""
    from mainstay.model.exits import Exited, Signaled

    refusal = _refused_by_system(words[-1]) if words else ""
    if refusal:
        return LaunchFailed(f"cannot start the daemon: {refusal}", hint=f"its log is {log}")
    why = f"it ended at once ({Exited(code) if code >= 0 else Signaled(-code)})"
    full = _is_full(log) and not words
    hint = f"the disk that {log} is on is full" if full else f"its log is {log}"
    return LaunchFailed(f"cannot start the daemon: {why}", hint=hint, lines=words)


def _refused_by_system(word: str) -> str:
    """`/a: Is a directory` for the last line of a traceback, `IsADirectoryError: [Errno 21] Is a directory: '/a'`."""
    kind, _, rest = word.partition(": [Errno ")
    _, found, text = rest.partition("] ")
    if not found or not kind.isidentifier():
        return ""
    cause, _, path = text.removesuffix("'").partition(": '")
    return f"{path}: {cause}" if path else cause


def _is_full(path: str) -> bool:
    try:
        disk = os.statvfs(path)
    except OSError:
        return False
    return disk.f_bavail == 0


def _words(log: str, offset: int) -> tuple[str, ...]:
    """The last lines of the log after `offset`; of a traceback only what it ends with, the rest is for the log."""
    try:
        with open(log, encoding="utf-8", errors="backslashreplace") as file:
            file.seek(offset)
            lines = file.read().splitlines()
    except OSError:
        return ()
    if _TRACEBACK in lines:
        lines = [*lines[: lines.index(_TRACEBACK)], lines[-1]]
    return tuple(lines[-_LINES:])
