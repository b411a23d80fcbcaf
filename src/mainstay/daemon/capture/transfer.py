"""The pipe of ours through which raw output passes on its way from an app's pipe to a file.

Splicing an app's pipe straight into a file would hold that pipe's lock, and so block the app, for as long as the disk
is slow. Between two of our pipes only page references move. What is in here survives us when somebody else holds the
descriptors too; the record says which file it was meant for.
"""

import os

from mainstay.daemon.capture.intake import USABLE, Intake, make
from mainstay.sys.pipes import pending, set_size, splice_now

CAPACITY = 1024 * 1024


class Transfer:
    """Empty between two moves. `inherited`: the `fds` of a process that is gone."""

    def __init__(self, inherited: tuple[int, ...] = ()) -> None:
        self.usable = USABLE
        self._path = ""
        self.intake: Intake | None = None
        """Through which what has to pass through our memory comes after all: at a rotation, or without splice."""
        if inherited:
            self.reader, self.writer, self._record, *rest = inherited
            self.intake = Intake(rest[0] if rest else make())
            self._path = os.pread(self._record, 65536, 0).decode(errors="surrogateescape")
        elif self.usable:
            self.reader, self.writer = os.pipe()
            self._record = os.memfd_create("mainstay-transfer", os.MFD_CLOEXEC)
            os.set_blocking(self.reader, False)
            set_size(self.writer, CAPACITY)
            self.intake = Intake(make())

    @property
    def fds(self) -> tuple[int, ...]:
        """Read end, write end, record and intake, for somebody to hold; empty where there is no splice."""
        return (self.reader, self.writer, self._record, self.intake.fd) if self.usable and self.intake else ()

    @property
    def path(self) -> str:
        """The file that what is in here is meant for."""
        return self._path

    def pending(self) -> int:
        """How many bytes are on their way."""
        return pending(self.reader) if self.usable else 0

    def fill(self, source: int, path: str) -> int | None:
        """Move what an app's pipe holds in here, meant for `path`; how many bytes, None at the end of the file.

        0: there is nothing to read now.
        """
        self._aim(path)
        return splice_now(source, self.writer, CAPACITY)

    def _aim(self, path: str) -> None:
        if path != self._path:
            encoded = os.fsencode(path)
            os.pwrite(self._record, encoded, 0)
            os.ftruncate(self._record, len(encoded))
            self._path = path

    def take(self, source: int, size: int, path: str) -> bytes | None:
        """Take what a pipe holds, meant for `path`, through the intake; as `Intake.take`."""
        assert self.intake
        self._aim(path)
        return self.intake.take(source, size)

    def read(self, size: int) -> bytes:
        """Take up to `size` bytes out into our own memory; they no longer survive us."""
        try:
            return os.read(self.reader, size)
        except BlockingIOError:
            return b""

    def empty(self) -> int:
        """Throw away what is in here and in the intake; how many bytes."""
        thrown = sum(len(data) for data in iter(lambda: self.read(CAPACITY), b""))
        if self.intake:
            thrown += len(self.intake.left().data)
            self.intake.settle()
        return thrown

    def close(self) -> None:
        """Give the descriptors back."""
        for fd in self.fds:
            os.close(fd)
        self.usable = False
