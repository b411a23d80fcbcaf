from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, came_of, ok
from tests.cli.running import mainstay


def test_apps_are_deleted_and_no_longer_shown(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["delete"] = ok(came_of("web jobs", "deleted"))

    ran = mainstay(home, "delete", "web", "jobs")

    assert (ran.code, ran.out) == (0, "web deleted\njobs deleted\n")
    assert daemon.asked("delete") == [{"selectors": ["web", "jobs"]}]


def test_nothing_is_deleted_unless_it_is_named(home: Path, daemon: FakeDaemon) -> None:
    assert mainstay(home, "delete").code == 2
    assert daemon.requests == []
