from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, ok, row
from tests.cli.running import mainstay


@pytest.mark.parametrize(("to", "asked"), [("4", "4"), ("+2", "+2"), ("-1", "-1"), ("max", "0")])
def test_an_app_is_scaled(home: Path, daemon: FakeDaemon, to: str, asked: str) -> None:
    daemon.answers["scale"] = ok({"apps": ["web"]})
    daemon.rows(row("web-0"))

    ran = mainstay(home, "scale", "web", to)

    assert (ran.code, daemon.asked("scale")) == (0, [{"app": "web", "to": asked}])


@pytest.mark.parametrize("to", ["four", "2.5", "++1", "4x", "-"])
def test_what_is_no_number_is_refused(home: Path, to: str) -> None:
    assert mainstay(home, "scale", "web", to).code == 2
