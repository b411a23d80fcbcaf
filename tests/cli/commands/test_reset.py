from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, ok, row
from tests.cli.running import mainstay


def test_counters_are_reset(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["reset"] = ok({"apps": ["web"]})
    daemon.rows(row("web-0"))

    ran = mainstay(home, "reset", "all")

    assert (ran.code, daemon.asked("reset")) == (0, [{"selectors": ["all"]}])
    assert ran.out.startswith("reset: web\n")
