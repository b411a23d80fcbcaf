"""A real server as a process of the test: on a free port, with its data in a folder of the test, ended by its pid."""

import os
import random
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.waiting import until

__all__ = ["Process", "answers", "free_port", "listens", "listens_on"]


_BELOW_WHAT_THE_KERNEL_GIVES = range(10_000, 32_000)


def free_port() -> int:
    """A port that nobody listens on, and that the kernel gives to nobody who connects while its server is down."""
    while True:
        port = random.choice(_BELOW_WHAT_THE_KERNEL_GIVES)
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Process:
    """A server that can be killed, hung, and started again where it was."""

    def __init__(
        self, argv: list[str], log: Path, answers: Callable[[], bool], env: dict[str, str] | None = None
    ) -> None:
        self._argv = argv
        self._env = os.environ | (env or {})
        self._log = log
        self._answers = answers
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its pid, while it runs."""
        assert self._running is not None
        return self._running.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._log.parent, env=self._env
            )
        try:
            until(self._up, 30, f"an answer of {self._argv[0]}")
        except BaseException:
            self.kill()
            raise

    @contextmanager
    def running(self) -> Iterator[None]:
        """It runs meanwhile, unless it is killed, and not from then on."""
        self.start()
        try:
            yield
        finally:
            self.kill()

    def hang(self) -> None:
        """Stop it where it is: connections are accepted by the kernel, but nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)
        until(lambda: "T" in self._state(), 10, "the process to be stopped")

    def go_on(self) -> None:
        """Undo `hang`."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """kill -9."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def _up(self) -> bool:
        assert self._running is not None
        if self._running.poll() is not None:
            raise AssertionError(f"{self._argv[0]} ended: {self._log.read_text(errors='replace')[-1000:]}")
        return self._answers()

    def _state(self) -> str:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]


def answers(port: int, question: bytes, answer: bytes) -> bool:
    """Whether what listens on the port answers a question as it should."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(question)
            return connection.recv(1000).startswith(answer)
    except OSError:
        return False


def listens(path: Path) -> bool:
    """Whether somebody accepts connections at a Unix socket."""
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def listens_on(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
