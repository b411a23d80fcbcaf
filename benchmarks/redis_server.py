"""A private Redis that writes nothing to the disk."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import free_port
from benchmarks.environment import base_environment
from benchmarks.processes import run, spawn, until


@dataclass(frozen=True, slots=True)
class Redis:
    """Where it listens, and its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """As the clients take it."""
        return f"redis://127.0.0.1:{self.port}/0"


@contextmanager
def redis_server() -> Iterator[Redis]:
    """Redis until the block ends; entered when it answers."""
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    port = free_port()
    argv = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = spawn(argv, env=base_environment(), cwd=folder)
    try:
        until(lambda: _answers(port, folder), 20.0, "redis-server to answer")
        yield Redis(port, process.pid)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int, folder: Path) -> bool:
    return run(["redis-cli", "-p", str(port), "ping"], env=base_environment(), cwd=folder).output.strip() == "PONG"
