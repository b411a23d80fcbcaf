import socket
import subprocess
from pathlib import Path

import pytest

from mainstay.cli import home_checks
from mainstay.cli.findings import Level
from mainstay.client.connection import open_connection
from tests.cli.fake_daemon import FakeDaemon, ok


@pytest.fixture
def made(home: Path) -> Path:
    (home / "logs").mkdir(parents=True)
    home.chmod(0o700)
    (home / "logs").chmod(0o700)
    return home


def levels(home: Path) -> list[Level]:
    return [finding.level for finding in home_checks.permissions(str(home))]


def test_a_home_for_its_owner_alone_is_ok(made: Path) -> None:
    assert levels(made) == [Level.OK]
    assert levels(made / "not-there") == [Level.OK]


def test_what_others_may_read_or_write_is_told_with_the_command_that_mends_it(made: Path) -> None:
    (made / "daemon.log").touch(0o644)
    (made / "logs").chmod(0o777)
    found = home_checks.permissions(str(made))

    assert [(finding.level, finding.mend) for finding in found] == [
        (Level.PROBLEM, f"chmod 0700 {made}/logs"),
        (Level.WARN, f"chmod 0600 {made}/daemon.log"),
    ]


def test_a_socket_without_a_daemon_is_told(made: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(made / "daemon.sock"))
    found = home_checks.leftovers(str(made), None)

    assert (found[0].check, found[0].level) == ("socket", Level.WARN)


def test_logs_of_apps_that_are_gone_are_told(daemon: FakeDaemon, home: Path) -> None:
    (home / "logs").mkdir()
    (home / "logs" / "old-0.out.log").touch()
    (home / "logs" / "web-0.out.log").touch()
    place = {"app": "web", "slot": "web-0", "index": 0, "stream": "out", "path": str(home / "logs" / "web-0.out.log")}
    daemon.answers["streams"] = ok({"streams": [place]})
    client = open_connection(f"{home}/daemon.sock")
    assert client is not None
    with client:
        found = home_checks.leftovers(str(home), client)[-1]

    assert (found.check, found.level) == ("log files", Level.WARN)
    assert found.mend.endswith(f"rm {home}/logs/old-0.out.log")


def test_workers_without_a_daemon_are_a_problem(made: Path) -> None:
    environ = {"MAINSTAY_WORKER": "lonely-0@1.1", "MAINSTAY_APP": "lonely-app", "MAINSTAY_HOME": str(made)}
    with subprocess.Popen(["sleep", "1000"], env=environ) as process:
        found = [f for f in home_checks.leftovers(str(made), None) if f.check == "workers" and "lonely-app" in f.text]
        process.kill()

    assert [finding.level for finding in found] == [Level.PROBLEM]
    assert found[0].text == "lonely-app: 1 worker left by a daemon that was killed: no daemon runs"
    assert found[0].mend == f"`kill {process.pid}`, then `mainstay resurrect` or `mainstay start`"


def test_without_such_workers_all_is_well(made: Path) -> None:
    assert {finding.level for finding in home_checks.leftovers(str(made), None)} == {Level.OK}
