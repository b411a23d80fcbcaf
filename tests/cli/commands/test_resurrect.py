from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, came_of, ok, row
from tests.cli.running import mainstay


def test_what_was_up_is_started_and_shown(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["resurrect"] = ok(came_of("web", "started"))
    daemon.rows(row("web-0"))
    ran = mainstay(home, "resurrect")

    assert (ran.code, daemon.asked("resurrect")) == (0, [{}])
    assert ran.out.startswith("web started\n")


def test_that_nothing_was_up_is_said_and_no_failure(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["resurrect"] = ok(came_of("", ""))
    ran = mainstay(home, "resurrect")

    assert ran.code == 0
    assert "nothing is to be started again" in ran.out


def test_what_could_not_be_remembered_is_said(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["resurrect"] = ok(came_of("web", "started", warnings=["cannot remember this: No space left"]))
    ran = mainstay(home, "resurrect")

    assert ran.code == 0
    assert "mainstay: cannot remember this: No space left" in ran.err
