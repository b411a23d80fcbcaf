"""Reading what happened from the files, across rotation, whatever else stands in them."""

import json
from pathlib import Path

import pytest

from mainstay.client.events import follow, history
from mainstay.daemon import events_log
from mainstay.daemon.events_log import EventsLog
from mainstay.model.happening import Kind
from tests.waiting import until


def writer(home: Path) -> EventsLog:
    """What the daemon writes with."""
    return EventsLog(str(home / "events.jsonl"), lambda *_: None, lambda _: None)


def test_where_nothing_was_recorded_there_is_no_event(tmp_path: Path) -> None:
    assert history(str(tmp_path)) == []


def test_events_come_in_order_with_what_is_known_of_them(tmp_path: Path) -> None:
    log = writer(tmp_path)
    written = [log.write(Kind.CRASH, "gone", "web", {"slot": "web-0"}), log.write(Kind.READY, "up", "web")]

    found = history(str(tmp_path))

    assert [event.told for event in found] == written
    assert [json.loads(event.raw) for event in found] == written
    assert (found[0].text("slot"), found[0].text("pid"), found[0].text("seq")) == ("web-0", "", "1")
    assert abs(found[0].time - (tmp_path / "events.jsonl").stat().st_mtime) < 1


def test_an_event_is_about_its_app_its_slot_and_the_apps_of_a_request(tmp_path: Path) -> None:
    log = writer(tmp_path)
    log.write(Kind.CRASH, "gone", "web", {"slot": "web-0"})
    log.write(Kind.REQUEST, "reload", "", {"apps": ["web", "jobs"]})
    crash, request = history(str(tmp_path))

    assert [crash.is_about((name,)) for name in ("web", "web-0", "web-1", "jobs")] == [True, True, False, False]
    assert [request.is_about((name,)) for name in ("web", "jobs", "other")] == [True, True, False]


def test_what_is_no_event_is_left_out(tmp_path: Path) -> None:
    log = writer(tmp_path)
    log.write(Kind.NOTE, "one")
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"seq":2,"ti\n\n[1]\n"text"\n{"seq":"x"}\n{"seq":7,"time":"soon"}\n')
    log.write(Kind.NOTE, "two")

    assert [(event.text("seq"), event.text("text")) for event in history(str(tmp_path))] == [
        ("1", "one"),
        ("7", ""),
        ("2", "two"),
    ]


def test_each_event_comes_once_across_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_log, "LIMIT", 2000)
    log = writer(tmp_path)
    for number in range(30):
        log.write(Kind.NOTE, f"event {number}")
    past = history(str(tmp_path))
    seen = [event.told["seq"] for event in past]
    coming = follow(str(tmp_path), past.end)
    for _ in range(20):
        last = [log.write(Kind.NOTE, "event") for _ in range(25)][-1]["seq"]

        def caught_up(last: object = last) -> bool:
            seen.extend(event.told["seq"] for event in next(coming))
            return seen[-1] == last

        until(caught_up)

    assert (tmp_path / "events.jsonl.4").exists()
    assert seen == list(range(int(str(seen[0])), 531))
