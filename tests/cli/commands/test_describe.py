import json
from pathlib import Path

from mainstay.daemon.events_log import EventsLog
from mainstay.model.happening import Kind
from tests.cli.app_detail import app_detail
from tests.cli.fake_daemon import FakeDaemon, ok, refused
from tests.cli.running import mainstay


def test_apps_are_described_one_after_another(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["describe"] = ok({"apps": [app_detail("web"), app_detail("jobs")]})

    ran = mainstay(home, "describe", "web", "jobs")

    assert (ran.code, daemon.asked("describe")) == (0, [{"selectors": ["web", "jobs"]}])
    assert ran.out.startswith("web\n")
    assert "\n\njobs\n" in ran.out


def test_json_is_an_array_of_apps(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["describe"] = ok({"apps": [app_detail("web")]})

    assert json.loads(mainstay(home, "show", "web", "--json").out) == [app_detail("web")]


def test_an_unknown_name_is_exit_code_3(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["describe"] = refused("no app is called 'x'", exit_code=3)

    assert mainstay(home, "describe", "x").code == 3


def test_the_last_events_of_an_app_are_shown_below_it(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["describe"] = ok({"apps": [app_detail("web")]})
    log = EventsLog(str(home / "events.jsonl"), lambda *_: None, lambda _: None)
    for number in range(9):
        log.write(Kind.NOTE, f"event {number} of web", "web")
        log.write(Kind.NOTE, f"event {number} of jobs", "jobs")

    out = mainstay(home, "describe", "web").out
    assert "last events (`mainstay events web` shows more)" in out
    assert [f"event {n} of web" in out for n in range(9)] == [False] * 4 + [True] * 5
    assert "of jobs" not in out
