"""Following logs as they are written, each line once: across rotation, truncation, deletion, and apps that scale up.

By looking, not by being told: a few cheap system calls per log and look, and it works on every file system.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from mainstay.client.log_files import LogFile, open_chain, open_current
from mainstay.client.logs import HOLD, Line, Mark, Place, Stream, shown

LOOK = 0.05
"""Seconds between two looks when nothing is written."""
ASK = 1.0
"""Seconds between two questions which streams there are."""
AT_ONCE = 1024 * 1024
LONGEST = 1024 * 1024


def follow(current: Callable[[], Sequence[Stream]], start: Mark | None = None) -> Iterator[list[Line]]:
    """Yield the lines written from `start` (`History.end`; None: now) on, as they come, in the order of time. Endless.

    `current` is asked every second which streams there are. One that appears later is read from where it was when it
    was last not there. Yields an empty list when nothing has come for a second, so that the caller may stop.
    """
    following = Following(current, start)
    spoken = time.monotonic()
    while True:
        lines = following.look()
        if lines or time.monotonic() - spoken >= ASK:
            spoken = time.monotonic()
            yield lines
        if not lines:
            time.sleep(LOOK)


class Following:
    """All streams that there are, for whoever has to do something else between two looks."""

    def __init__(self, current: Callable[[], Sequence[Stream]], start: Mark | None = None) -> None:
        self._current = current
        self._start = start
        self._followers: dict[str, Follower] = {}
        self._asked: float | None = None
        self._before = time.time()

    def look(self) -> list[Line]:
        """The lines that have come since the last look, in the order of time."""
        now = time.monotonic()
        if self._asked is None or now - self._asked >= ASK:
            wall = time.time()
            _renew(self._followers, self._current(), self._start, self._before if self._asked is not None else None)
            self._asked, self._before = now, wall
        return self._sorted(line for follower in self._followers.values() for line in follower.look())

    def ask_again(self) -> None:
        """There may be streams that were not known at the last look."""
        if self._asked is not None:
            self._asked = float("-inf")

    def rest(self) -> list[Line]:
        """What was held back for its newline: nothing more will come."""
        return self._sorted(line for follower in self._followers.values() for line in follower.rest())

    @staticmethod
    def _sorted(lines: Iterable[Line]) -> list[Line]:
        return sorted(lines, key=lambda line: line.time)


def _renew(
    followers: dict[str, "Follower"], streams: Sequence[Stream], start: Mark | None, since: float | None
) -> None:
    """Begin with the streams that are new, leave those that are gone. `since` is None at the first time."""
    wanted: dict[str, Stream] = {}
    for stream in streams:
        wanted.setdefault(stream.path, stream)
    for path in [path for path in followers if path not in wanted]:
        del followers[path]
    for path, stream in wanted.items():
        if path in followers:
            continue
        marked = start.pop(path, None) if start is not None and since is None else None
        followers[path] = Follower(stream, marked or _place(path, since))


def _place(path: str, since: float | None) -> Place:
    """Where a log begins that was not read before: at its end, or at what was written after `since`."""
    file = open_current(path)
    if file is None:
        return Place(None, 0)
    offset = file.offset_since(since) if since is not None else None
    return Place(file, file.end_of_lines(file.size()) if offset is None else offset)


class Follower:
    """One log."""

    def __init__(self, stream: Stream, place: Place) -> None:
        self._stream = stream
        self._file = place.file
        self._next: list[LogFile] = []
        self._offset = place.offset
        self._unpacking: Iterator[bytes] | None = None
        self._partial = b""
        self._partial_since = 0.0

    def look(self) -> list[Line]:
        """The lines that have come; what is held back for its newline comes after a second at the latest."""
        if self._file is None:
            self._file = open_current(self._stream.path)
            self._offset = 0
            if self._file is None:
                return []
        moved = bool(self._next) or self._replaced(self._file)
        data = self._more(self._file)
        if data:
            return self._split(self._file, data)
        if moved:
            return self._turn(self._file)
        if not self._file.compressed and self._file.size() < self._offset:
            lines = self.rest()
            self._offset = 0
            self._file.forget_times()
            return lines
        if self._partial and time.monotonic() - self._partial_since >= HOLD:
            return self.rest()
        return []

    def _replaced(self, file: LogFile) -> bool:
        """Another file stands at the path: nothing more will be written to this one."""
        try:
            found = os.stat(self._stream.path)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) != file.identity

    def _more(self, file: LogFile) -> bytes:
        if not file.compressed:
            return os.pread(file.fd, AT_ONCE, self._offset)
        if self._unpacking is None:
            self._unpacking = file.unpacked()
        return next(self._unpacking, b"")

    def _split(self, file: LogFile, data: bytes) -> list[Line]:
        start = self._offset - len(self._partial)
        self._offset += len(data)
        spans = (self._partial + data).split(b"\n")
        if not self._partial or len(spans) > 1:
            self._partial_since = time.monotonic()
        self._partial = spans.pop()
        clock = file.clock(live=time.time())
        lines = []
        for span in spans:
            lines.append(Line(clock.time(start), self._stream, shown(span)))
            start += len(span) + 1
        return lines + self.rest() if len(self._partial) > LONGEST else lines

    def rest(self) -> list[Line]:
        """What was held back for its newline, as a line of its own."""
        if not self._partial or self._file is None:
            return []
        start = self._offset - len(self._partial)
        line = Line(self._file.clock(live=time.time()).time(start), self._stream, shown(self._partial))
        self._partial = b""
        return [line]

    def _turn(self, file: LogFile) -> list[Line]:
        """This file has been read to its end; go on with the next: usually the current one."""
        if not self._next:
            self._next = _after(self._stream.path, file)
        if not self._next:  # rotated once more while we looked: ask again
            return []
        lines = self.rest()
        self._file = self._next.pop(0)
        self._offset = 0
        self._unpacking = None
        return lines


def _after(path: str, file: LogFile) -> list[LogFile]:
    """The files of a log that were begun after this one, however often it was rotated since the last look."""
    files = open_chain(path)
    for number, other in enumerate(files):
        if other.identity == file.identity:
            return files[number + 1 :]
    for number, other in enumerate(files):
        if other.compressed and other.modified == file.modified and other.unpacked_size() == file.size():
            return files[number + 1 :]
    return [other for other in files if other.modified > file.modified]
