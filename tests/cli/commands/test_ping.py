import json
from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, ok
from tests.cli.running import mainstay

PONG = {"pid": 12, "version": "0.1.0", "uptime": 7200.5}


def test_a_daemon_that_is_well_says_so(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["ping"] = ok(PONG)

    ran = mainstay(home, "ping")

    assert ran.code == 0
    assert ran.out.startswith("the daemon is well: pid 12, mainstay 0.1.0, up 2h, answered in ")


def test_json_is_what_the_daemon_says(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["ping"] = ok(PONG)

    assert json.loads(mainstay(home, "ping", "--json").out) == PONG


def test_no_daemon_is_a_failure_and_none_is_started(home: Path) -> None:
    ran = mainstay(home, "ping")

    assert (ran.code, ran.out, home.exists()) == (1, "", False)
