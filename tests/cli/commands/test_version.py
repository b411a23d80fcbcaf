import json
import sys
from pathlib import Path

from mainstay import __version__
from tests.cli.fake_daemon import FakeDaemon
from tests.cli.running import mainstay

PYTHON = ".".join(map(str, sys.version_info[:3]))


def test_command_and_daemon_are_told(home: Path, daemon: FakeDaemon) -> None:
    ran = mainstay(home, "version")

    assert daemon.requests == []
    assert ran.out == f"mainstay {__version__} on Python {PYTHON}\nthe daemon is mainstay {__version__} too\n"


def test_a_daemon_of_another_version_is_told_apart(home: Path) -> None:
    with FakeDaemon(str(home), greeting={"mainstay": "0.0.9"}):
        ran = mainstay(home, "version")

    assert f"the daemon is mainstay 0.0.9: it becomes {__version__} when it is started anew" in ran.out


def test_json_without_a_daemon(home: Path) -> None:
    ran = mainstay(home, "version", "--json")

    assert json.loads(ran.out) == {"mainstay": __version__, "python": PYTHON, "daemon": None}
