import json
import os
from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, Json, Script, came_of
from tests.cli.running import mainstay


def killed(result: Json) -> Script:
    """The daemon answers, then it is gone."""
    return lambda _args: iter([{"ok": result}, {"hang up": True}])


def test_everything_stops_and_the_daemon_ends(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["kill"] = killed(came_of("web jobs", "deleted"))

    ran = mainstay(home, "kill")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"web stopped\njobs stopped\nthe daemon (pid {os.getpid()}) has ended\n"


def test_without_a_daemon_there_is_nothing_to_stop(home: Path) -> None:
    ran = mainstay(home, "kill")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"no daemon runs (MAINSTAY_HOME is {home}): there is nothing to stop\n"


def test_json_without_a_daemon_names_no_apps(home: Path) -> None:
    assert json.loads(mainstay(home, "kill", "--json").out) == {"apps": [], "survivors": [], "warnings": []}


def test_what_survives_is_named(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["kill"] = killed(came_of("", "", survivors=[{"pid": 9, "name": "x"}]))

    assert mainstay(home, "kill").code == 1
