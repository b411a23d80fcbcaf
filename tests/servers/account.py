"""Servers that tests start: in a folder of their own, as an ordinary account, on a port that was free a moment ago."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.certificates import Certificate, make_certificate
from tests.servers.process import free_port
from tests.waiting import until

_ORDINARY = "nobody"
_TRIES = 5
_STOP_TIMEOUT = 30.0


class NotStarted(Exception):
    """The server ended before it answered; with what it wrote."""


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """A new folder that the server's account owns; removed afterwards. Short, as Unix sockets are made in it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        if os.geteuid() == 0:
            account = pwd.getpwnam(_ORDINARY)
            os.chown(folder, account.pw_uid, account.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


def certificate_in(folder: Path) -> Certificate:
    """A certificate in a server's folder, which the server's account may read."""
    made = make_certificate(folder)
    uid, gid = _identity()
    for path in (made.certificate, made.key):
        os.chown(path, -1 if uid is None else uid, -1 if gid is None else gid)
    made.key.chmod(0o600)
    return made


def run(argv: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a program to its end as the servers' account. Raises NotStarted when it fails."""
    uid, gid = _identity()
    ran = subprocess.run(
        argv,
        cwd=folder,
        env=os.environ | dict(env or {}),
        user=uid,
        group=gid,
        extra_groups=None if uid is None else [],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise NotStarted(f"{argv[0]} ended with {ran.returncode}: {ran.stdout}")


@contextmanager
def serving(
    argv_for: Callable[[int], Sequence[str]],
    folder: Path,
    answers: Callable[[int], bool],
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[int]:
    """The port of a server that answers; `argv_for` makes its command line for a port. `stop` ends it.

    Somebody else may get the port before the server binds it: then another one is tried.
    """
    for attempt in range(_TRIES):
        port = free_port()
        process = _spawn(argv_for(port), folder)
        try:
            if until(lambda: process.poll() is not None or answers(port), 60, "the server answers"):  # noqa: B023
                if process.poll() is None:
                    yield port
                    return
                if attempt == _TRIES - 1:
                    raise NotStarted((folder / "output").read_text(errors="replace"))
        finally:
            process.send_signal(stop)
            _wait(process)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def greets(port: int) -> bool:
    """Whether something on the port speaks first, as MariaDB does."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def program(name: str, *folders: str) -> str:
    """The path of a server's program: in one of `folders` (a pattern, the last match wins), else on PATH."""
    for pattern in folders:
        found = sorted(str(path) for path in Path("/").glob(f"{pattern.lstrip('/')}/{name}"))
        if found:
            return found[-1]
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert path is not None, f"{name} is missing; ./scripts/test says how to get it"
    return path


def _spawn(argv: Sequence[str], folder: Path) -> "subprocess.Popen[bytes]":
    uid, gid = _identity()
    with open(folder / "output", "wb") as output:
        return subprocess.Popen(
            argv,
            cwd=folder,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _identity() -> tuple[int | None, int | None]:
    """As whom a server runs: PostgreSQL and MariaDB refuse to be root."""
    if os.geteuid() != 0:
        return None, None
    account = pwd.getpwnam(_ORDINARY)
    return account.pw_uid, account.pw_gid
