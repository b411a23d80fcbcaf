"""One log file: where output goes, at the end of it, rotated between two lines.

Without O_APPEND, which splice refuses: the end is looked up before each write, so that a file that somebody truncated,
deleted or wrote to as well is treated as O_APPEND would. Only the capture thread calls this.
"""

import contextlib
import os
import stat
import time

from mainstay.daemon.capture import names
from mainstay.daemon.capture.backlog import NOTHING
from mainstay.daemon.capture.disk import Disk
from mainstay.daemon.capture.tail import Tail
from mainstay.daemon.capture.times import TimeIndex
from mainstay.model.log_file import rotated_path
from mainstay.model.spec import LogPolicy

LONGEST_LINE = 1024 * 1024
"""Bytes: a line that goes on for so long past the limit is split between two files after all."""
LOOK = 1.0
"""Seconds between looks whether the path still leads to the file that is open."""


_SHOWN = ("dropped", "inode", "offset", "path", "policy", "spliceable", "whole")


class Sink:
    """A file that is opened, with its folder, at the first write."""

    __slots__ = ("_disk", "_fd", "_index", "_looked", "_now", "_regular", "_tails", *_SHOWN)

    def __init__(self, path: str, policy: LogPolicy, disk: Disk) -> None:
        self.path = path
        self.policy = policy
        self.dropped = NOTHING
        """Of all its sources, ever."""
        self.offset = 0
        self.inode = 0
        self.whole = True
        """The file ends with a newline, or is empty."""
        self.spliceable = True
        self._disk = disk
        self._fd = -1
        self._index: TimeIndex | None = None
        self._looked = 0.0
        self._now = 0
        self._regular = True
        self._tails: list[Tail] = []

    def prepare(self, now: int) -> bool:
        """Get ready for output that was read at `now` (ns since the epoch). Raises OSError.

        True when files have been rotated, and may be compressed.
        """
        if self._fd < 0:
            self._open()
        elif self._regular:
            self._find_end()
        self._now = now
        turned = self.turn()
        self._note()
        return turned

    def room(self) -> int:
        """How many bytes may be written before it is time to rotate; at least 0."""
        if not self.policy.rotate or not self._regular:
            return LONGEST_LINE
        return max(0, self.policy.rotate - self.offset)

    def splice(self, pipe: int, size: int, tail: Tail) -> int:
        """Move up to `size` bytes, more than `room` only by mistake, out of `pipe`; how many. Raises OSError."""
        moved = self._disk.splice(pipe, self._fd, size, self.offset)
        tail.wrote(self._fd, self.offset, moved)
        if tail not in self._tails:
            self._tails.append(tail)
        self.offset += moved
        self.whole = os.pread(self._fd, 1, self.offset - 1) == b"\n"
        return moved

    def write(self, data: memoryview) -> int:
        """Write the start of `data`, as much as belongs into this file; how many bytes. Raises OSError."""
        if self._regular and self.policy.rotate and len(data) > (room := self.room()):
            end = _last_newline(data[:room])
            if not end and (not self.whole or not self.offset):
                end = _first_newline(data) or min(len(data), LONGEST_LINE)
            if not end:
                self._rotate()
                return 0
            data = data[:end]
        written = self._disk.write(self._fd, data, self.offset if self._regular else None)
        self.offset += written
        if written:
            self.whole = data[written - 1] == 10
        return written

    def turn(self) -> bool:
        """Rotate when the file is full and its last line complete; True when it did. Raises OSError."""
        full = self._regular and self.policy.rotate and self.offset >= self.policy.rotate
        if not full or not (self.whole or self.offset >= self.policy.rotate + LONGEST_LINE):
            return False
        self._rotate()
        return True

    def holds(self, inode: int, offset: int, data: bytes) -> int:
        """How many bytes from the start of `data` stand at an offset of that file, be it this or the one before it."""
        for path in (self.path, rotated_path(self.path, 1)):
            with contextlib.suppress(OSError):
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
                try:
                    if os.fstat(fd).st_ino == inode:
                        return _common(data, os.pread(fd, len(data), offset))
                finally:
                    os.close(fd)
        return 0

    def wants_compression(self) -> list[str]:
        """The rotated files that are still plain, the newest first."""
        if not self.policy.compress or not self._regular:
            return []
        return [rotated_path(self.path, number) for number, gz in reversed(names.rotated(self.path)) if not gz]

    def let_go(self, tail: Tail) -> None:
        """Nobody will ask for this tail any more."""
        if tail in self._tails:
            self._tails.remove(tail)

    def close(self) -> None:
        """Close the file; the next `prepare` opens it, or a new one, again."""
        if self._fd < 0:
            return
        for tail in self._tails:
            tail.settle()
        self._tails.clear()
        os.close(self._fd)
        self._fd = -1
        if self._index is not None:
            self._index.close()
            self._index = None

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
        try:
            self._fd = os.open(self.path, flags, 0o600)
        except FileNotFoundError:
            _make_private(os.path.dirname(self.path))
            self._fd = os.open(self.path, flags, 0o600)
        found = os.fstat(self._fd)
        self._regular = stat.S_ISREG(found.st_mode)
        self.inode = found.st_ino
        self.spliceable = self._regular
        self.offset = found.st_size if self._regular else 0
        self.whole = True
        self._looked = time.monotonic()
        if self._regular:
            self._see_last_byte()
            with contextlib.suppress(OSError):
                names.prune(self.path, self.policy.keep)

    def _find_end(self) -> None:
        """Look where the file ends and whether it is still there."""
        found = os.fstat(self._fd)
        if found.st_nlink == 0 or self._moved(found.st_ino):
            self.close()
            return self._open()
        if found.st_size != self.offset:
            if found.st_size < self.offset:
                self._truncated()
            self.offset = found.st_size
            self._see_last_byte()
        return None

    def _moved(self, inode: int) -> bool:
        now = time.monotonic()
        if now - self._looked < LOOK:
            return False
        self._looked = now
        try:
            return os.stat(self.path).st_ino != inode
        except FileNotFoundError:
            return True

    def _truncated(self) -> None:
        for tail in self._tails:
            tail.settle()
        if self._index is not None:
            self._index.reset()

    def _see_last_byte(self) -> None:
        self.whole = self.offset == 0 or os.pread(self._fd, 1, self.offset - 1) == b"\n"

    def _rotate(self) -> None:
        names.shift(self.path, self.policy.keep)
        self.close()
        self._open()
        self._note()

    def _note(self) -> None:
        if self._regular:
            if self._index is None:
                self._index = TimeIndex(self.path, self.offset)
            self._index.note(self.offset, self._now)


def _make_private(folder: str) -> None:
    """Make a folder and those above it that are missing, each for its owner alone. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        try:
            os.mkdir(folder, 0o700)
        except FileNotFoundError:
            _make_private(os.path.dirname(folder))
            os.mkdir(folder, 0o700)


def _common(one: bytes, other: bytes) -> int:
    """The size of what both begin with."""
    if one.startswith(other):
        return len(other)
    return next(i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)


def _last_newline(data: memoryview) -> int:
    """The size of the whole lines at the start of `data`."""
    return bytes(data).rfind(b"\n") + 1


def _first_newline(data: memoryview) -> int:
    """The size of the first line with its newline; 0 when it has none within the longest line."""
    return bytes(data[:LONGEST_LINE]).find(b"\n") + 1
