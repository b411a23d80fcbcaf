from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, came_of, ok, row
from tests.cli.running import mainstay


@pytest.mark.parametrize(("to", "asked"), [("4", "4"), ("+2", "+2"), ("-1", "-1"), ("max", "0")])
def test_an_app_is_scaled(home: Path, daemon: FakeDaemon, to: str, asked: str) -> None:
    daemon.answers["scale"] = ok(came_of("web", "scaled", "instances 2 -> 3"))
    daemon.rows(row("web-0"))

    ran = mainstay(home, "scale", "web", to)

    assert (ran.code, daemon.asked("scale")) == (0, [{"app": "web", "to": asked}])
    assert ran.out.startswith("web scaled, instances 2 -> 3\n+--")


def test_an_app_that_has_so_many_is_left_alone(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["scale"] = ok(came_of("web", "unchanged"))

    assert mainstay(home, "scale", "web", "2").out == "web has that many instances, nothing changed\n"


@pytest.mark.parametrize("to", ["four", "2.5", "++1", "4x", "-"])
def test_what_is_no_number_is_refused(home: Path, to: str) -> None:
    assert mainstay(home, "scale", "web", to).code == 2
