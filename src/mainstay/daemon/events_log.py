"""`MAINSTAY_HOME/events.jsonl`: what happened, one JSON object a line, each with a number that grows.

Every event is in the file before anything is done about it. Where it cannot be written (a full disk) it is counted, and
the loss is told as an event as soon as the file can be written again. Nothing here raises or waits.
"""

import errno
import os
import time
from collections.abc import Callable

from mainstay.daemon.capture import names
from mainstay.daemon.capture.layout import rfc3339
from mainstay.model.codec import Json
from mainstay.model.happening import Kind
from mainstay.protocol.jsontext import dumps, loads

LIMIT = 2 * 1024 * 1024
"""Bytes after which the file is put aside as `events.jsonl.1`."""
KEPT = 4
"""How many files that were put aside are kept."""
RETRY = 2.0
"""Seconds between two tries to tell of a loss."""
LAST = 256 * 1024
"""Bytes at the end of a file in which a whole event is found."""
LONGEST = 1000
"""Characters of one of an app's last lines that are kept."""

MOST = 10_000
"""Characters of a text that are kept."""

Event = dict[str, Json]
"""As it stands in the file: seq, time, level, event, app, slot, text, and what the kind of event has beside that."""
Later = Callable[[float, Callable[[], None]], None]


class EventsLog:
    """The one writer of the file. `on_trouble` is told, once, that it cannot be written, and once that it can again."""

    def __init__(self, path: str, later: Later, on_trouble: Callable[[str], None]) -> None:
        self._path = path
        self._later = later
        self._on_trouble = on_trouble
        self._seq = -1
        self._whole = True
        self._waiting = False
        self.lost = 0
        """Events that could not be written since the last one that could."""

    def write(self, kind: Kind, text: str, app: str = "", facts: Event | None = None) -> Event:
        """Write an event down; it, as it is, or would be, in the file."""
        told = self._tell_loss()
        event = self._made(kind, text, app, facts or {})
        if not told or not self._append(event):
            self.lost += 1
        return event

    def _made(self, kind: Kind, text: str, app: str, facts: Event) -> Event:
        if self._seq < 0:
            self._seq = _last_number(self._path)
        self._seq += 1
        event: Event = {
            "seq": self._seq,
            "time": rfc3339(time.time_ns()),
            "level": kind.level.value,
            "event": kind.value,
            "app": app,
            "slot": "",
            "text": text[:MOST],
        }
        event |= facts
        lines = event.get("lines")
        if isinstance(lines, list):
            event["lines"] = [line[:LONGEST] if isinstance(line, str) else line for line in lines]
        return event

    def _tell_loss(self) -> bool:
        """Write how many events were lost, if any were; False when the file cannot be written still."""
        if not self.lost:
            return True
        count = self.lost
        text = f"{count} events could not be written"
        if not self._append(self._made(Kind.EVENTS_LOST, text, "", {"count": count})):
            self._seq -= 1  # what is missing in the row of numbers is what was lost
            return False
        self.lost = 0
        self._on_trouble(f"{self._path} is written again: {text}")
        return True

    def _append(self, event: Event) -> bool:
        try:
            self._write(dumps(event).encode() + b"\n")
        except OSError as error:
            if not self.lost:
                self._on_trouble(f"cannot write {self._path}: {error.strerror}; events are counted until it can be")
            if not self._waiting:
                self._waiting = True
                self._later(RETRY, self._retry)
            return False
        return True

    def _retry(self) -> None:
        self._waiting = False
        self._tell_loss()

    def _write(self, data: bytes) -> None:
        """Append a line, to a file that somebody may have taken away meanwhile. Raises OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(self._path, flags, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size >= LIMIT:
                names.shift(self._path, KEPT)
                os.close(fd)
                fd = os.open(self._path, flags, 0o600)
                size = 0
            # What a full disk or a killed daemon left is no event, and must not spoil this one.
            if size and os.pread(fd, 1, size - 1) != b"\n":
                data = b"\n" + data
            if os.write(fd, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(fd)


def _last_number(path: str) -> int:
    """The number of the last event that was written, by whatever daemon; 0 when there is none."""
    for name in (path, f"{path}.1"):
        try:
            fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            data = os.pread(fd, LAST, max(0, os.fstat(fd).st_size - LAST))
        finally:
            os.close(fd)
        for line in reversed(data.split(b"\n")):
            number = _number(line)
            if number is not None:
                return number
    return 0


def _number(line: bytes) -> int | None:
    try:
        event = loads(line.decode())
    except ValueError:
        return None
    found = event.get("seq") if isinstance(event, dict) else None
    return found if isinstance(found, int) else None
