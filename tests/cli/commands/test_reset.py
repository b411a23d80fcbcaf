from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, came_of, ok, row
from tests.cli.running import mainstay


def test_counters_are_reset(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["reset"] = ok(came_of("web", "reset"))
    daemon.rows(row("web-0"))

    ran = mainstay(home, "reset", "all")

    assert (ran.code, daemon.asked("reset")) == (0, [{"selectors": ["all"]}])
    assert ran.out.startswith("web counts its restarts from 0\n")
