"""Reading `MAINSTAY_HOME/events.jsonl`, straight from the file and those put aside: no daemon is needed.

past = history(home, lines=20)
for events in follow(home, past.end): ...
"""

from __future__ import annotations

import os

from mainstay.client.log_follow import follow as follow_logs
from mainstay.client.logs import Stream
from mainstay.client.logs import history as logs_history
from mainstay.protocol.jsontext import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mainstay.client.logs import Line, Mark


class Event:
    """One event: `raw` is its line, `told` what stands in it, `time` epoch seconds."""

    __slots__ = ("raw", "time", "told")

    def __init__(self, raw: str, told: dict[str, object], time: float) -> None:
        self.raw = raw
        self.told = told
        self.time = time

    def __repr__(self) -> str:
        return f"<Event {self.raw}>"

    def text(self, key: str) -> str:
        """What stands under a key, as text; empty when nothing does."""
        found = self.told.get(key)
        return "" if found is None else str(found)

    def is_about(self, names: Sequence[str]) -> bool:
        """Whether it is about one of these apps or slots; a request is about the apps that it names."""
        asked = self.told.get("apps")
        about = {self.text("app"), self.text("slot"), *(map(str, asked) if isinstance(asked, list) else ())}
        return not about.isdisjoint(names)


class History(list[Event]):
    """Events in order, and where `follow` goes on from."""

    end: Mark


def history(home: str) -> History:
    """All that is kept of the past. Raises OSError."""
    lines = logs_history([_stream(home)])
    found = History(_events(lines))
    found.end = lines.end
    return found


def follow(home: str, start: Mark) -> Iterator[list[Event]]:
    """What happens from `start` (`History.end`) on, each event once; an empty list when nothing did for a second."""
    stream = _stream(home)
    return (_events(lines) for lines in follow_logs(lambda: [stream], start))


def _stream(home: str) -> Stream:
    return Stream("", "", -1, "out", os.path.join(home, "events.jsonl"))


def _events(lines: Sequence[Line]) -> list[Event]:
    return [event for line in lines if (event := _event(line)) is not None]


def _event(line: Line) -> Event | None:
    """None for a line that a full disk or a killed daemon left unfinished."""
    try:
        told = loads(line.text)
    except ValueError:
        return None
    if not isinstance(told, dict) or not isinstance(told.get("seq"), int):
        return None
    return Event(line.text, told, _epoch(str(told.get("time", ""))))


def _epoch(text: str) -> float:
    """Seconds since the epoch for `2026-11-23T12:11:32.123Z`; 0 for anything else."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0
