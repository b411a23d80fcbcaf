"""Reading the logs of all apps as one, in the order of time, straight from the files: no daemon is needed.

past = history(streams, lines=15, since=None)
for lines in follow(lambda: streams, past.end): ...
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from mainstay.client.log_files import LogFile, Span, open_chain

HOLD = 1.0
"""Seconds a line without its newline is held back, for its rest may be on its way."""
_FAR = 2**62


@dataclass(frozen=True, slots=True)
class Stream:
    """One log file and whose it is; `stream` is `out` or `err`."""

    app: str
    slot: str
    index: int
    stream: str
    path: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its newline; bytes that are not UTF-8 are shown as `\\xff`. `time`: seconds since the epoch."""

    time: float
    stream: Stream
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a log has been read: `file` stays open. No file: there was none."""

    file: LogFile | None
    offset: int


Mark = dict[str, Place]
"""Where reading ended, by path."""


class History(list[Line]):
    """Lines in the order of time, and where `follow` goes on from."""

    end: Mark


def history(streams: Iterable[Stream], lines: int | None = None, since: float | None = None) -> History:
    """The last `lines` lines of all streams together (None: all), written at `since` (epoch seconds) or later.

    Streams that share a file are read once, as the first of them.
    """
    found = History()
    found.end = {}
    for stream in streams:
        if stream.path not in found.end:
            part, found.end[stream.path] = _read(stream, lines, since)
            found.extend(part)
    found.sort(key=lambda line: line.time)
    if lines is not None:
        del found[: max(0, len(found) - lines)]
    return found


def shown(data: bytes) -> str:
    """The text of a line."""
    return data.decode(errors="backslashreplace")


def _read(stream: Stream, count: int | None, since: float | None) -> tuple[list[Line], Place]:
    """The lines of one log, the newest files first, as far back as is asked for."""
    files = open_chain(stream.path)
    current = files[-1] if files and files[-1].plain == stream.path else None
    place = Place(current, 0 if current is None else _end(current))
    parts: list[list[Line]] = []
    for file in reversed(files):
        if count is not None and count <= 0:
            break
        part = _lines(stream, file, (count, since), place.offset if file is place.file else _FAR)
        parts.append(part)
        if count is not None:
            count -= len(part)
        if since is not None and file.begins() < since:
            break
    return [line for part in reversed(parts) for line in part], place


def _lines(stream: Stream, file: LogFile, wanted: tuple[int | None, float | None], end: int) -> list[Line]:
    count, since = wanted
    start = 0 if since is None else file.offset_since(since)
    if start is None:
        return []
    end = end if file.compressed else min(end, file.size())
    spans: Iterable[Span] = file.spans(start, end) if count is None else file.last_spans(count, start, end)
    clock = file.clock()
    return [Line(clock.time(offset), stream, shown(data)) for offset, data in spans]


def _end(file: LogFile) -> int:
    """Up to where the current file is read: not into a line that is just being written."""
    size = file.size()
    return file.end_of_lines(size) if time.time() - file.modified / 1e9 < HOLD else size
