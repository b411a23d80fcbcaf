import io

import pytest

from mainstay.cli.eventlines import EventLines
from mainstay.cli.terminal import Terminal
from mainstay.client.events import Event


def event(**told: object) -> Event:
    usual = {"seq": 1, "level": "error", "event": "crash", "app": "web", "slot": "web-0", "text": "it is gone"}
    return Event("", usual | told, 1_790_000_000.0)


def shown(*events: Event, environ: dict[str, str] | None = None) -> list[str]:
    lines = EventLines(Terminal(io.StringIO(), environ or {}))
    lines.learn(list(events))
    return [lines(one) for one in events]


def test_a_line_has_time_kind_place_and_text_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    first, second = shown(event(), event(event="daemon_started", level="info", app="", slot="", text="is up"))

    assert first.split(None, 5)[2:] == ["crashed", "web-0", "it", "is gone"]
    assert first.index("web-0") == second.index("mainstay")
    assert first.index("it is") == second.index("is up")


def test_an_error_is_red_and_a_worker_that_is_ready_green() -> None:
    red, green = shown(event(), event(event="ready", level="info"), environ={"FORCE_COLOR": "1"})

    assert "\x1b[31mcrashed" in red
    assert "\x1b[32mready" in green


def test_control_characters_of_an_app_reach_no_terminal() -> None:
    (line,) = shown(event(text="a\x1b]0;title\x07b\nc"))

    assert "\x1b" not in line
    assert "\n" not in line


def test_a_kind_that_is_not_known_yet_is_shown_by_its_name() -> None:
    assert " teleported " in shown(event(event="teleported"))[0]


def test_who_asked_is_named() -> None:
    assert shown(event(event="request", uid=0, text="stop"))[0].endswith("stop (by root)")
    assert shown(event(event="request", uid=4_000_000, text="stop"))[0].endswith("stop (by 4000000)")
