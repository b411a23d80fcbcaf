"""The files of one log, opened: the current one and those rotated away, plain or compressed, each with its time index.

What is open stays readable whatever capture renames, compresses or deletes meanwhile.
"""

import os
from collections import deque
from collections.abc import Iterator

from mainstay.client.log_times import BrokenIndex, Times
from mainstay.model.log_file import COMPRESSED, rotated_number, rotated_path

BLOCK = 256 * 1024
_TRIES = 20

Span = tuple[int, bytes]
"""A line without its newline, and the offset of its start."""


class LogFile:
    """One file, open for reading; closed when nobody refers to it any more."""

    def __init__(self, path: str, plain: str) -> None:
        self.plain = plain
        self.compressed = path.endswith(COMPRESSED) and path != plain
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(self.fd)
        self.identity = (found.st_dev, found.st_ino)
        self._times = Times.of(plain)

    def __del__(self) -> None:
        if hasattr(self, "fd"):
            os.close(self.fd)

    @property
    def modified(self) -> int:
        """When it was last written; ns since the epoch. Kept by compression."""
        return os.fstat(self.fd).st_mtime_ns

    def size(self) -> int:
        """Of what is on the disk, in bytes."""
        return os.fstat(self.fd).st_size

    def unpacked_size(self) -> int:
        """The size of what is compressed in it, modulo 4 GiB: its last four bytes (RFC 1952)."""
        return int.from_bytes(os.pread(self.fd, 4, max(0, self.size() - 4)), "little")

    def forget_times(self) -> None:
        """It was truncated, and its index too: what was read of that is worth nothing."""
        self._times = None

    def begins(self) -> float:
        """When its first line was written, as far as is known; seconds since the epoch."""
        begin = self._times.begin() if self._times is not None else None
        return self.modified / 1e9 if begin is None else begin

    def clock(self, live: float | None = None) -> "Clock":
        """What tells the times of its lines; `live` (seconds) is the time of a line nothing is known about."""
        if self._times is None and live is not None:
            self._times = Times.of(self.plain)  # the first lines were faster than the index
        return Clock(self._times, self.modified / 1e9 if live is None else live)

    def offset_since(self, time: float) -> int | None:
        """Where what was written at `time` or later begins; None when nothing was."""
        if self._times is not None and len(self._times):
            try:
                return self._times.offset_since(time)
            except BrokenIndex:
                self._times = None
        return 0 if self.modified / 1e9 >= time else None

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """The lines between two offsets, in order; when `start` is inside a line, from the next one on."""
        offset, rest = max(0, start - 1), b""
        inside = start > 0  # the byte before `start` is read too: when it is a newline, that ends what is left out
        for data in self._chunks(offset, end):
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if not inside:
                    yield offset, line
                inside = False
                offset += len(line) + 1
        if rest and not inside:
            yield offset, rest

    def last_spans(self, count: int, start: int, end: int) -> list[Span]:
        """The last `count` lines between two offsets; reads a plain file from its end."""
        if self.compressed:
            return list(deque(self.spans(start, end), maxlen=count))
        low, newlines = end, 0
        while low > start and newlines <= count:
            before = max(start, low - BLOCK)
            newlines += os.pread(self.fd, low - before, before).count(b"\n")
            low = before
        return list(deque(self.spans(low, end), maxlen=count))

    def end_of_lines(self, end: int) -> int:
        """The offset after the last newline before `end`."""
        while end > 0:
            start = max(0, end - BLOCK)
            found = os.pread(self.fd, end - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0

    def unpacked(self) -> Iterator[bytes]:
        """The contents of a compressed file, in pieces."""
        return _unpacked(self.fd, 0, 2**62)

    def _chunks(self, start: int, end: int) -> Iterator[bytes]:
        if self.compressed:
            yield from _unpacked(self.fd, start, end)
            return
        while start < end and (data := os.pread(self.fd, min(BLOCK, end - start), start)):
            start += len(data)
            yield data


class Clock:
    """Times of lines whose offsets grow from one question to the next."""

    def __init__(self, times: Times | None, otherwise: float) -> None:
        self._times = times
        self._otherwise = otherwise
        self._place = -1

    def time(self, offset: int) -> float:
        """When the line that starts at `offset` was written; seconds since the epoch."""
        if self._times is None or not len(self._times):
            return self._otherwise
        try:
            if self._place < 0:
                self._place = self._times.place(offset)
            self._place = self._times.advance(self._place, offset)
            return self._times.time(self._place)
        except BrokenIndex:
            self._times = None
            return self._otherwise


def open_chain(path: str) -> list[LogFile]:
    """All files of a log, the oldest first, as they were at one moment; none when there is no such log.

    Should capture rotate or compress at that moment, again and again, what could be opened is returned.
    """
    files: list[LogFile] = []
    for _ in range(_TRIES):
        before = _listed(path)
        files = []
        for name, plain, _ in before:
            try:
                files.append(LogFile(name, plain))
            except OSError:
                break
        if len(files) == len(before) and _listed(path) == before:
            return files
    return files


def open_current(path: str) -> LogFile | None:
    """The file that is written to at present; None when there is none."""
    try:
        return LogFile(path, path)
    except OSError:
        return None


def _listed(path: str) -> list[tuple[str, str, int]]:
    """(name, plain name, inode) of each file; where one is being replaced by its compressed form only the plain one."""
    folder, base = os.path.split(path)
    try:
        entries = {entry.name: entry.inode() for entry in os.scandir(folder or ".")}
    except OSError:
        return []
    numbers = {number for name in entries if (number := rotated_number(base, name)) is not None}
    found = []
    for number in sorted(numbers, reverse=True):
        plain = rotated_path(base, number)
        name = plain if plain in entries else plain + COMPRESSED
        found.append((os.path.join(folder, name), os.path.join(folder, plain), entries[name]))
    if base in entries:
        found.append((path, path, entries[base]))
    return found


def _unpacked(fd: int, start: int, end: int) -> Iterator[bytes]:
    """The contents of a gzip file between two offsets; ends early where the file is damaged."""
    import zlib

    unpacker = zlib.decompressobj(31)
    position, offset = 0, 0
    while offset < end and (packed := os.pread(fd, BLOCK, position)):
        position += len(packed)
        while packed and not unpacker.eof:
            try:
                data = unpacker.decompress(packed, BLOCK)
            except zlib.error:
                return
            packed = unpacker.unconsumed_tail
            wanted = data[max(0, start - offset) : end - offset]
            offset += len(data)
            if wanted:
                yield wanted
