from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, came_of, ok
from tests.cli.running import mainstay


@pytest.mark.parametrize("name", ["SIGUSR1", "usr1", "10"])
def test_a_signal_is_sent_by_its_name(home: Path, daemon: FakeDaemon, name: str) -> None:
    daemon.answers["signal"] = ok(came_of("web jobs", "signalled", message="1 workers"))

    ran = mainstay(home, "signal", name, "web-0")

    assert (ran.code, ran.out) == (0, "web got SIGUSR1, 1 worker\njobs got SIGUSR1, 1 worker\n")
    assert daemon.asked("signal") == [{"selectors": ["web-0"], "signal": "SIGUSR1"}]


def test_an_unknown_signal_is_refused_with_the_nearest(home: Path) -> None:
    ran = mainstay(home, "signal", "hupp", "web")

    assert (ran.code, ran.err) == (2, "mainstay: no signal is called 'hupp'\n  hint: did you mean SIGHUP?\n")


def test_the_words_the_other_way_round_are_put_right(home: Path) -> None:
    ran = mainstay(home, "signal", "web", "jobs", "USR1")

    assert (ran.code, ran.err.splitlines()[-1]) == (2, "  hint: `mainstay signal USR1 web jobs`")
