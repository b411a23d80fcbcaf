"""The file of events: numbered, rotated, and true about what it could not hold."""

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mainstay.daemon import events_log
from mainstay.daemon.events_log import EventsLog
from mainstay.model.happening import Kind
from tests.disks import small_disk


class Desk:
    """A log in a folder, what it said of its troubles, and what it wants to do later."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "events.jsonl"
        self.said: list[str] = []
        self.later: list[Callable[[], None]] = []
        self.log = self.opened()

    def opened(self) -> EventsLog:
        """A new writer of the same file."""
        return EventsLog(str(self.path), lambda _, act: self.later.append(act), self.said.append)

    def events(self, name: str = "") -> list[dict[str, Any]]:  # Any: each test looks at the keys it means
        """What stands in the file, or in the one of this ending."""
        lines = (self.path.parent / (self.path.name + name)).read_text().splitlines()
        return [event for line in lines if (event := parsed(line))]


def parsed(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@contextmanager
def without_room(desk: Desk) -> Iterator[None]:
    """While entered, the file cannot be opened: a folder is in its place."""
    aside = desk.path.with_name("aside")
    desk.path.rename(aside)
    desk.path.mkdir()
    yield
    desk.path.rmdir()
    aside.rename(desk.path)


def test_an_event_is_one_object_a_line_for_its_owner_alone(desk: Desk) -> None:
    desk.log.write(Kind.CRASH, "web-0 ended", "web", {"slot": "web-0", "signal": "SIGKILL", "lines": ["a\nb"]})

    (event,) = desk.events()
    assert desk.path.read_text().count("\n") == 1
    assert (event["seq"], event["level"], event["event"]) == (1, "error", "crash")
    assert (event["app"], event["slot"], event["text"]) == ("web", "web-0", "web-0 ended")
    assert (event["signal"], event["lines"]) == ("SIGKILL", ["a\nb"])
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600


def test_times_are_utc_with_milliseconds(desk: Desk) -> None:
    desk.log.write(Kind.NOTE, "now")
    time = desk.events()[0]["time"]

    assert len(time) == len("2026-11-23T12:11:32.123Z")
    assert (time[10], time[19], time[-1]) == ("T", ".", "Z")


def test_numbers_go_on_where_the_last_daemon_stopped(desk: Desk) -> None:
    desk.log.write(Kind.NOTE, "one")
    desk.log.write(Kind.NOTE, "two")
    desk.opened().write(Kind.NOTE, "three")

    assert [event["seq"] for event in desk.events()] == [1, 2, 3]


def test_numbers_go_on_after_the_current_file_was_taken_away(desk: Desk) -> None:
    desk.log.write(Kind.NOTE, "one")
    desk.path.rename(f"{desk.path}.1")
    desk.opened().write(Kind.NOTE, "two")

    assert [event["seq"] for event in desk.events()] == [2]


def test_a_line_that_a_killed_daemon_left_half_written_spoils_nothing(desk: Desk) -> None:
    desk.log.write(Kind.NOTE, "one")
    with desk.path.open("a") as file:
        file.write('{"seq":2,"time":"20')
    desk.opened().write(Kind.NOTE, "two")

    assert [event["text"] for event in desk.events()] == ["one", "two"]


def test_a_large_file_is_put_aside_and_a_few_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_log, "LIMIT", 300)
    for number in range(40):
        desk.log.write(Kind.NOTE, f"event {number}")

    names = sorted(path.name for path in desk.path.parent.iterdir())
    kept = [event["seq"] for name in (".4", ".3", ".2", ".1", "") for event in desk.events(name)]
    assert names == ["events.jsonl", *(f"events.jsonl.{n}" for n in (1, 2, 3, 4))]
    assert kept == list(range(kept[0], 41))


def test_what_cannot_be_written_is_counted_and_told_before_the_next_event(desk: Desk) -> None:
    desk.log.write(Kind.NOTE, "one")
    with without_room(desk):
        for _ in range(3):
            desk.log.write(Kind.NOTE, "lost")
    desk.log.write(Kind.NOTE, "five")

    told = [(event["seq"], event["event"], event.get("count")) for event in desk.events()]
    assert told == [(1, "note", None), (5, "events_lost", 3), (6, "note", None)]
    assert [text.partition(": ")[0] for text in desk.said] == [
        f"cannot write {desk.path}",
        f"{desk.path} is written again",
    ]


def test_a_loss_is_told_though_nothing_more_happens(desk: Desk) -> None:
    desk.log.write(Kind.NOTE, "one")
    with without_room(desk):
        desk.log.write(Kind.NOTE, "lost")
        desk.later.pop()()  # too early
    assert len(desk.later) == 1
    desk.later.pop()()

    assert [(event["event"], event.get("count")) for event in desk.events()] == [("note", None), ("events_lost", 1)]
    assert desk.later == []


def test_on_a_full_disk_events_are_dropped_and_counted(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64 * 1024) as folder:
        desk = Desk(folder)
        desk.log.write(Kind.NOTE, "one")
        ballast = folder / "ballast"
        fill(ballast)
        for _ in range(200):
            desk.log.write(Kind.NOTE, "x" * 100)
        lost = desk.log.lost
        ballast.unlink()
        desk.log.write(Kind.NOTE, "last")

        events = desk.events()
        assert lost > 100
        assert events[-1]["text"] == "last"
        assert [event["count"] for event in events if event["event"] == "events_lost"] == [lost]
        assert len(events) == 200 - lost + 3
        assert "No space left on device" in desk.said[0]


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 1024):
                pass
        except OSError:
            return


def test_long_lines_and_texts_are_cut(desk: Desk) -> None:
    desk.log.write(Kind.CRASH, "x" * 100_000, "web", {"lines": ["y" * 100_000, "z"]})

    (event,) = desk.events()
    assert (len(event["text"]), [len(line) for line in event["lines"]]) == (events_log.MOST, [events_log.LONGEST, 1])
