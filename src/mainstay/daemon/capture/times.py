"""The writing side of the time index beside a log file: when what stands from an offset on was read from the app.

Best effort: a disk that refuses the index never stands in the way of the log itself.
"""

import contextlib
import os

from mainstay.model.log_file import INDEX_HEADER, RECORD, index_path

GAP = 5_000_000
"""Nanoseconds: what comes within this time of the last record shares it."""
ALLOWANCE = 64 * 1024
"""Bytes the index may always take; above, it may take a quarter of the log's size."""


class TimeIndex:
    """Appends records; kept small by leaving out what is near in time or would exceed the allowance."""

    __slots__ = ("_fd", "_offset", "_size", "_time")

    def __init__(self, log_path: str, log_size: int) -> None:
        self._fd = -1
        self._size = 0
        self._offset = -1
        self._time = 0
        with contextlib.suppress(OSError):
            self._fd = os.open(index_path(log_path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._resume(log_size)

    def note(self, offset: int, time: int) -> None:
        """What comes at `offset` was read at `time` (ns since the epoch)."""
        if offset <= self._offset or self._fd < 0:
            return
        # Were the clock set back, there are no records until it is again where it was: times never decrease.
        if self._offset >= 0 and (time - self._time < GAP or self._size > ALLOWANCE + offset // 4):
            return
        with contextlib.suppress(OSError):
            if os.pwrite(self._fd, RECORD.pack(offset, time), self._size) == RECORD.size:
                self._size += RECORD.size
                self._offset = offset
                self._time = time

    def reset(self) -> None:
        """The log was truncated: its old offsets mean nothing any more."""
        self._offset = -1
        self._time = 0
        self._size = len(INDEX_HEADER)
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, 0)
                os.pwrite(self._fd, INDEX_HEADER, 0)

    def close(self) -> None:
        """Give the descriptor back; `note` does nothing from here on."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _resume(self, log_size: int) -> None:
        """Go on after the last whole record; start afresh when the file is not an index of this log."""
        size = os.fstat(self._fd).st_size
        count = (size - len(INDEX_HEADER)) // RECORD.size
        if size < len(INDEX_HEADER) or os.pread(self._fd, len(INDEX_HEADER), 0) != INDEX_HEADER:
            return self.reset()
        self._size = len(INDEX_HEADER) + count * RECORD.size
        if count:
            self._offset, self._time = RECORD.unpack(os.pread(self._fd, RECORD.size, self._size - RECORD.size))
            if self._offset > log_size:
                self.reset()
        return None
