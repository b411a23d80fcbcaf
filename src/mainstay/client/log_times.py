"""The reading side of the time index beside a log file. Never trusts it: a broken one is as good as none."""

import os

from mainstay.model.log_file import INDEX_HEADER, RECORD, index_path

_BLOCK = 256


class BrokenIndex(Exception):
    """Records that decrease, or something else that capture did not write."""


class Times:
    """Looks up times (seconds since the epoch) and offsets (bytes) in one index, which may be growing."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._start = -1
        self._block: list[tuple[int, int]] = []

    @classmethod
    def of(cls, log_path: str) -> "Times | None":
        """The index of a log (plain name); None when it has none."""
        try:
            fd = os.open(index_path(log_path), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        times = cls(fd)
        return times if os.pread(fd, len(INDEX_HEADER), 0) == INDEX_HEADER else None

    def __del__(self) -> None:
        os.close(self._fd)

    def __len__(self) -> int:
        return max(0, os.fstat(self._fd).st_size - len(INDEX_HEADER)) // RECORD.size

    def begin(self) -> float | None:
        """The time of the first record; None when there is none yet."""
        return self._record(0)[1] / 1e9 if len(self) else None

    def offset_since(self, time: float) -> int | None:
        """From which offset on everything was read at `time` or later; None when nothing was. Raises BrokenIndex."""
        found = self._bisect(round(time * 1e9), 1)
        return None if found == len(self) else self._record(found)[0]

    def place(self, offset: int) -> int:
        """The number of the last record at or before `offset`, or 0. Raises BrokenIndex."""
        return max(0, self._bisect(offset + 1, 0) - 1)

    def advance(self, place: int, offset: int) -> int:
        """The same, going on from an earlier `place`. Raises BrokenIndex."""
        count = len(self)
        here = self._record(place) if place < count else (0, 0)
        while place + 1 < count and (after := self._record(place + 1))[0] <= offset:
            _check(here, after)
            place, here = place + 1, after
        return place

    def time(self, place: int) -> float:
        """The time of a record, in seconds. Raises BrokenIndex."""
        return self._record(place)[1] / 1e9

    def _bisect(self, value: int, column: int) -> int:
        """The number of the first record whose column is `value` or more."""
        low, high = 0, len(self)
        least, most = (0, 0), (2**64, 2**64)
        while low < high:
            middle = (low + high) // 2
            record = self._record(middle)
            _check(least, record)
            _check(record, most)
            if record[column] < value:
                low, least = middle + 1, record
            else:
                high, most = middle, record
        return low

    def _record(self, number: int) -> tuple[int, int]:
        if not self._start <= number < self._start + len(self._block) or self._start < 0:
            self._start = number - number % _BLOCK
            data = os.pread(self._fd, _BLOCK * RECORD.size, len(INDEX_HEADER) + self._start * RECORD.size)
            whole = data[: len(data) // RECORD.size * RECORD.size]
            self._block = list(RECORD.iter_unpack(whole))
        try:
            return self._block[number - self._start]
        except IndexError:
            raise BrokenIndex("truncated") from None


def _check(before: tuple[int, int], after: tuple[int, int]) -> None:
    if before[0] > after[0] or before[1] > after[1]:
        raise BrokenIndex("decreasing")
