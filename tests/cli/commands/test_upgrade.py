import os
from collections.abc import Iterator
from pathlib import Path

from mainstay import __version__
from tests.cli.fake_daemon import FakeDaemon, Json, Script
from tests.cli.running import mainstay


def replaced(daemon: FakeDaemon, version: str) -> Script:
    """The daemon answers, becomes another version, and its connections end."""

    def script(_args: Json) -> Iterator[Json]:
        yield {"ok": {"pid": os.getpid(), "version": "0.0.1"}}
        daemon.greeting["mainstay"] = version
        yield {"hang up": True}

    return script


def test_an_old_daemon_is_replaced_by_the_installed_version(home: Path) -> None:
    with FakeDaemon(str(home), greeting={"mainstay": "0.0.1"}) as daemon:
        daemon.answers["upgrade"] = replaced(daemon, __version__)
        ran = mainstay(home, "upgrade")
        (asked,) = daemon.asked("upgrade")

    assert (ran.code, ran.out) == (0, f"the daemon (pid {os.getpid()}) is mainstay {__version__} now\n")
    assert asked["argv"][-1].endswith("daemon/__main__.py")
    assert asked["env"]["MAINSTAY_HOME"] == str(home)


def test_a_daemon_of_this_version_is_left_alone_unless_forced(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["upgrade"] = replaced(daemon, __version__)
    ran = mainstay(home, "upgrade")

    assert (ran.code, daemon.asked("upgrade")) == (0, [])
    assert "already" in ran.out

    assert mainstay(home, "upgrade", "--force").code == 0
    assert len(daemon.asked("upgrade")) == 1


def test_a_daemon_that_is_still_the_old_one_afterwards_is_a_failure(home: Path) -> None:
    with FakeDaemon(str(home), greeting={"mainstay": "0.0.1"}) as daemon:
        daemon.answers["upgrade"] = replaced(daemon, "0.0.1")
        ran = mainstay(home, "upgrade")

    assert ran.code == 1
    assert "cannot upgrade the daemon: it is mainstay 0.0.1 still" in ran.err


def test_without_a_daemon_there_is_nothing_to_upgrade(home: Path) -> None:
    ran = mainstay(home, "upgrade")

    assert ran.code == 1
    assert "no daemon runs" in ran.err
