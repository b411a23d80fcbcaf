from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, ok
from tests.cli.running import mainstay


@pytest.mark.parametrize("name", ["SIGUSR1", "usr1", "10"])
def test_a_signal_is_sent_by_its_name(home: Path, daemon: FakeDaemon, name: str) -> None:
    daemon.answers["signal"] = ok({"apps": ["web"]})

    ran = mainstay(home, "signal", name, "web-0")

    assert (ran.code, ran.out) == (0, "SIGUSR1 sent to: web\n")
    assert daemon.asked("signal") == [{"selectors": ["web-0"], "signal": "SIGUSR1"}]


def test_an_unknown_signal_is_refused_with_the_nearest(home: Path) -> None:
    ran = mainstay(home, "signal", "hupp", "web")

    assert (ran.code, ran.err) == (2, "mainstay: no signal is called 'hupp'\n  hint: did you mean SIGHUP?\n")
