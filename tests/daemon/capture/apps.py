"""Real children that write to a captured pipe, and what came of it."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mainstay.daemon.capture import Capture, SinkSpec
from mainstay.daemon.capture.disk import Disk
from mainstay.model.spec import LogPolicy
from mainstay.sys.pipes import output_pipe

NUMBERED = """
import os, sys
first, count = int(sys.argv[1]), int(sys.argv[2])
for start in range(first, first + count, 100):
    os.write(1, b"".join(b"%s %08d %s\\n" % (sys.argv[3].encode(), n, b"." * 80) for n in range(start, start + 100)))
"""


@dataclass
class Bench:
    """A capture under test."""

    capture: Capture
    folder: Path
    trouble: list[str] = field(default_factory=list)
    writers: dict[str, int] = field(default_factory=dict)

    def open(self, key: str, policy: LogPolicy | None = None, path: str = "web-0.out.log") -> int:
        """Capture a new source into a file of the folder; returns the end to write to."""
        read_fd, write_fd = output_pipe()
        spec = SinkSpec(str(self.folder / path), "out", "web", 0, policy or LogPolicy())
        self.capture.open(key, read_fd, spec)
        self.writers[key] = write_fd
        return write_fd

    def run(self, key: str, code: str, *args: str) -> "subprocess.Popen[bytes]":
        """Start a Python child whose stdout is the pipe of `key`."""
        return subprocess.Popen([sys.executable, "-c", code, *args], stdout=self.writers[key])

    def finish(self, key: str) -> None:
        """The source is dead, and what it wrote is in the file."""
        self.capture.finish(key)
        assert self.capture.barrier(60)

    def read(self, path: str = "web-0.out.log") -> bytes:
        """The current file."""
        return (self.folder / path).read_bytes()

    def names(self) -> list[str]:
        """All logs of the folder, without their indexes."""
        return sorted(name for name in os.listdir(self.folder) if not name.endswith(".times"))


@contextmanager
def bench(folder: Path, disk: Disk | None = None) -> Iterator[Bench]:
    """A capture that is closed, with its pipes, at the end."""
    trouble: list[str] = []
    made = Bench(Capture(trouble.append, disk=disk), folder, trouble)
    try:
        yield made
    finally:
        made.capture.close()
        for fd in made.writers.values():
            os.close(fd)


def everything(folder: Path, name: str = "web-0.out.log") -> bytes:
    """The rotated files and the current one as one, the oldest first."""
    parts = []
    for number in range(200, 0, -1):
        plain = folder / f"{name}.{number}"
        if plain.exists():
            parts.append(plain.read_bytes())
        elif Path(f"{plain}.gz").exists():
            parts.append(gzip.decompress(Path(f"{plain}.gz").read_bytes()))
    return b"".join(parts) + (folder / name).read_bytes()


def numbers(data: bytes, prefix: bytes = b"a") -> list[int]:
    """The numbers of the lines of `NUMBERED` with this prefix; fails on a line that is not whole."""
    lines = data.split(b"\n")
    assert lines.pop() == b""
    found = []
    for line in lines:
        word, number, rest = line.split(b" ")
        assert rest == b"." * 80, line
        if word == prefix:
            found.append(int(number))
    return found
