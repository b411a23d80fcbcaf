import json
from pathlib import Path

import pytest

from mainstay.daemon import events_log
from mainstay.daemon.events_log import EventsLog
from mainstay.model.happening import Kind
from tests.cli.running import OnTerminal, mainstay, on_terminal


@pytest.fixture
def log(home: Path) -> EventsLog:
    """The writer of a home in which something happened."""
    home.mkdir(mode=0o700)
    log = EventsLog(str(home / "events.jsonl"), lambda *_: None, lambda _: None)
    log.write(Kind.REQUEST, "apply", "", {"apps": ["web"], "uid": 0, "verb": "apply"})
    log.write(Kind.READY, "web-0@1 is ready", "web", {"slot": "web-0"})
    log.write(Kind.CRASH, "web-1@1 ended: exit code 3", "web", {"slot": "web-1", "code": 3, "lines": ["oops"]})
    log.write(Kind.BACKING_OFF, "jobs-0 is started again in 2 s", "jobs", {"slot": "jobs-0"})
    return log


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), ["asked", "ready", "crashed", "waiting"]),
        (("all",), ["asked", "ready", "crashed", "waiting"]),
        (("web",), ["asked", "ready", "crashed"]),
        (("web-1", "jobs"), ["crashed", "waiting"]),
        (("--lines", "2"), ["crashed", "waiting"]),
        (("--lines", "1", "web"), ["crashed"]),
        (("--level", "warning"), ["crashed", "waiting"]),
        (("--level", "error"), ["crashed"]),
        (("--since", "1h"), ["asked", "ready", "crashed", "waiting"]),
        (("--lines", "0"), []),
    ],
)
@pytest.mark.usefixtures("log")
def test_what_is_shown_can_be_chosen(home: Path, options: tuple[str, ...], shown: list[str]) -> None:
    ran = mainstay(home, "events", *options)

    assert ran.code == 0
    assert [line.split()[2] for line in ran.out.splitlines()] == shown


@pytest.mark.usefixtures("log")
def test_json_is_each_event_as_it_stands_in_the_file(home: Path) -> None:
    ran = mainstay(home, "events", "--json")

    assert ran.out == (home / "events.jsonl").read_text()
    assert json.loads(ran.out.splitlines()[2])["lines"] == ["oops"]


@pytest.mark.usefixtures("log")
def test_a_name_of_which_nothing_is_recorded_is_exit_code_3(home: Path) -> None:
    ran = mainstay(home, "events", "wbe")

    assert (ran.code, ran.out) == (3, "")
    assert "did you mean web?" in ran.err


@pytest.mark.usefixtures("log")
def test_that_nothing_happened_is_said(home: Path) -> None:
    ran = mainstay(home, "events", "jobs", "--level", "error")

    assert (ran.code, ran.out, ran.err) == (0, "", "nothing happened that is asked for\n")


def test_without_a_home_nothing_happened_yet(home: Path) -> None:
    ran = mainstay(home, "events")

    assert (ran.code, ran.out, ran.err) == (0, "", "nothing happened yet\n")


@pytest.mark.parametrize("options", [("--lines", "-1"), ("--since", "soon"), ("--level", "loud")])
def test_impossible_wishes_are_usage_errors(home: Path, options: tuple[str, ...]) -> None:
    assert mainstay(home, "events", *options).code == 2


@pytest.mark.usefixtures("log")
def test_on_a_terminal_errors_are_red(home: Path) -> None:
    assert "\x1b[31mcrashed" in on_terminal(home, "events").out


def test_following_shows_what_is_asked_for_once_and_ends_with_ctrl_c(home: Path, log: EventsLog) -> None:
    with OnTerminal(home, "events", "-f", "web", NO_COLOR="1") as command:
        command.until_seen("exit code 3")
        log.write(Kind.READY, "jobs-0@1 is ready", "jobs", {"slot": "jobs-0"})
        log.write(Kind.READY, "web-1@1 is ready", "web", {"slot": "web-1"})
        command.until_seen("web-1@1 is ready")
        command.interrupt()
        ran = command.ended()

    assert (ran.code, len(ran.out.splitlines())) == (0, 4)
    assert "jobs-0" not in ran.out


def test_following_shows_each_event_once_across_rotation(
    home: Path, log: EventsLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_log, "LIMIT", 3000)
    with OnTerminal(home, "events", "-f", "--json", NO_COLOR="1", columns=10_000) as command:
        command.until_seen("jobs-0")
        for part in range(12):
            for number in range(30):
                log.write(Kind.NOTE, f"event {part}.{number}")
            command.until_seen(f"event {part}.29")
        command.interrupt()
        seen = [json.loads(line)["seq"] for line in command.ended().out.splitlines()]

    assert (home / "events.jsonl.4").exists()
    assert seen == list(range(1, 365))
