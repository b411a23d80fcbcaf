"""The pipe of ours through which raw output passes on its way from an app's pipe to a file.

Splicing an app's pipe straight into a file would hold that pipe's lock, and so block the app, for as long as the disk
is slow. Between two of our pipes only page references move. What is in here survives us when somebody else holds the
descriptors too; the record says which file it was meant for.
"""

import errno
import os

from mainstay.daemon.capture.disk import SPLICES
from mainstay.sys.pipes import pending, set_size

CAPACITY = 1024 * 1024
_FLAGS = getattr(os, "SPLICE_F_MOVE", 1) | getattr(os, "SPLICE_F_NONBLOCK", 2)


class Transfer:
    """Empty between two moves. `inherited`: the `fds` of a process that is gone."""

    def __init__(self, inherited: tuple[int, ...] = ()) -> None:
        self.usable = SPLICES and hasattr(os, "memfd_create")
        self._path = ""
        if inherited:
            self.reader, self.writer, self._record = inherited
            self._path = os.pread(self._record, 65536, 0).decode(errors="surrogateescape")
        elif self.usable:
            self.reader, self.writer = os.pipe()
            self._record = os.memfd_create("mainstay-transfer", os.MFD_CLOEXEC)
            os.set_blocking(self.reader, False)
            set_size(self.writer, CAPACITY)

    @property
    def fds(self) -> tuple[int, ...]:
        """Read end, write end and record, for somebody to hold; empty where there is no splice."""
        return (self.reader, self.writer, self._record) if self.usable else ()

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
        if path != self._path:
            encoded = os.fsencode(path)
            os.pwrite(self._record, encoded, 0)
            os.ftruncate(self._record, len(encoded))
            self._path = path
        try:
            return os.splice(source, self.writer, CAPACITY, flags=_FLAGS) or None
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return 0
            raise

    def read(self, size: int) -> bytes:
        """Take up to `size` bytes out into our own memory; they no longer survive us."""
        try:
            return os.read(self.reader, size)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Give the descriptors back."""
        for fd in self.fds:
            os.close(fd)
        self.usable = False
