"""What was taken out of an app's pipe and is not in its file yet, kept where it survives us.

A memfd that a guardian holds as well: a page that says where we are, and after it the bytes as the app wrote them. They
get in by splice, so at every moment each byte is either in the pipe or in here. The page is written in one go, which
a kill does not cut in two. From `start` on nothing is settled: it is to be written, or some of it has been; where the
output of it began in the file tells how much.
"""

import os
from dataclasses import dataclass

from mainstay.daemon.capture.disk import SPLICES
from mainstay.model.spec import LogFormat
from mainstay.protocol.jsontext import dumps, loads
from mainstay.sys.pipes import splice_now

PAGE = 4096
LARGE = 1024 * 1024
"""Bytes after which the memory is given back, as soon as all of it is settled."""
USABLE = SPLICES and hasattr(os, "memfd_create")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where output was about to be written: at `offset` of the file `inode`, after `done` bytes of it in files before.

    `now` (ns since the epoch) is when it was read, which the output may say.
    """

    inode: int
    offset: int
    done: int
    now: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is not settled, and how it is laid out. Without a mark nothing of it has been written."""

    data: bytes
    style: LogFormat
    begun: bool
    mark: Mark | None


class Intake:
    """One source's. `begun`: what is settled ends inside a line."""

    __slots__ = ("_begun", "_end", "_mark", "_size", "_start", "_style", "fd")

    def __init__(self, fd: int) -> None:
        """`fd` becomes ours; it is `make`'s, or was another process's."""
        self.fd = fd
        self._size = 0
        self._style = LogFormat.RAW
        self._begun = False
        self._mark: Mark | None = None
        self._start = PAGE
        self._end = max(PAGE, os.fstat(fd).st_size)
        page = os.pread(fd, PAGE, 0)
        if page.strip(b"\0"):
            self._read(page)

    def _read(self, page: bytes) -> None:
        found = loads(page[: page.index(b"\n")].decode())
        assert isinstance(found, dict)
        mark = found["mark"]
        self._end = min(self._end, found["end"] or self._end)
        self._start, self._begun = min(found["start"], self._end), found["begun"]
        self._style = LogFormat(found["style"])
        self._mark = Mark(*mark) if mark else None

    def left(self) -> Left:
        """What the process before us left here."""
        data = os.pread(self.fd, self._end - self._start, self._start) if self._end > self._start else b""
        return Left(data, self._style, self._begun, self._mark)

    def take(self, pipe: int, size: int) -> bytes | None:
        """Take up to `size` bytes out of a pipe; empty when there is nothing now, None at the end of the file."""
        moved = splice_now(pipe, self.fd, size, self._end)
        if not moved:
            return None if moved is None else b""
        data = os.pread(self.fd, moved, self._end)
        self._end += moved
        return data

    def mark(self, style: LogFormat, begun: bool, mark: Mark, size: int) -> None:
        """What is not settled is about to be written, laid out in this way, from there on: `size` bytes of output."""
        self._style, self._begun, self._mark, self._size = style, begun, mark, size
        self._write()

    def moved_on(self, inode: int, offset: int, rest: int) -> None:
        """The last `rest` bytes of the output go there, into another file."""
        if self._mark and self._mark.inode != inode:
            self._mark = Mark(inode, offset, self._size - rest, self._mark.now)
            self._write()

    def settle(self, style: LogFormat = LogFormat.RAW, partial: bytes = b"", begun: bool = False) -> None:
        """Everything is written, or somebody else's care, but for `partial`, the start of a line."""
        start = self._end - len(partial)
        if partial and (start < PAGE or os.pread(self.fd, len(partial), start) != partial):  # it came by another way
            start = self._end
            self._end += os.pwrite(self.fd, partial, start)
        self._start, self._style, self._begun, self._mark = start, style, begun, None
        self._write()
        if start > LARGE:
            self._give_back(partial)

    def _give_back(self, partial: bytes) -> None:
        """Begin at the front again. What is true when we are killed between two of these steps is true after them."""
        os.pwrite(self.fd, partial, PAGE)
        self._start, self._end = PAGE, PAGE + len(partial)
        self._write(self._end)
        os.ftruncate(self.fd, self._end)
        self._write()

    def _write(self, end: int = 0) -> None:
        """Say where we are; `end`: what lies beyond it counts no more, 0 when that is the file's."""
        mark = self._mark and [self._mark.inode, self._mark.offset, self._mark.done, self._mark.now]
        page = {"start": self._start, "end": end, "begun": self._begun, "style": self._style.value, "mark": mark}
        os.pwrite(self.fd, dumps(page).encode() + b"\n", 0)

    def close(self) -> None:
        """Give the descriptor back."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def make() -> int:
    """A descriptor for an `Intake`; -1 where there is no such thing. Raises OSError."""
    return os.memfd_create("mainstay-intake", os.MFD_CLOEXEC) if USABLE else -1
