import json
from pathlib import Path

from mainstay import __version__
from tests.cli.fake_daemon import FakeDaemon
from tests.cli.running import Ran, mainstay


def findings(ran: Ran) -> dict[str, dict[str, str]]:
    return {found["check"]: found for found in json.loads(ran.out)}


def test_without_a_daemon_everything_else_is_looked_at_and_nothing_is_made(home: Path, tmp_path: Path) -> None:
    ran = mainstay(home, "doctor", "--json", cwd=tmp_path)

    found = findings(ran)
    assert {"daemon", "pidfd", "open files", "boot", "clock", "disk of home"} <= found.keys()
    assert ran.code == int(any(one["level"] == "problem" for one in found.values()))
    assert not home.exists()


def test_a_person_is_told_how_to_mend_it(home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "daemon.log").touch()
    (home / "daemon.log").chmod(0o666)
    ran = mainstay(home, "doctor", cwd=tmp_path)

    assert ran.code == 1
    assert f"mend: chmod 0600 {home}/daemon.log" in ran.out


def test_a_daemon_of_another_version_is_told(home: Path, tmp_path: Path) -> None:
    with FakeDaemon(str(home), greeting={"mainstay": "0.0.1"}):
        found = findings(mainstay(home, "doctor", "--json", cwd=tmp_path))

    assert found["daemon"]["text"] == f"it is mainstay 0.0.1, installed is {__version__}"
    assert "mainstay upgrade" in found["daemon"]["mend"]


def test_the_apps_of_the_file_here_are_looked_at(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mainstay.toml").write_text('[apps.jobs]\ncommand = "sh -c true"\n')
    found = findings(mainstay(home, "doctor", "--json", cwd=tmp_path))

    assert found["app jobs"]["level"] == "ok"


def test_a_file_that_cannot_be_read_is_a_problem(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mainstay.toml").write_text("[apps.jobs]\ncomand = 1\n")
    ran = mainstay(home, "doctor", "--json", cwd=tmp_path)

    assert (ran.code, findings(ran)["apps"]["level"]) == (1, "problem")


def test_a_home_that_is_not_safe_is_a_problem(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    home.chmod(0o777)
    found = findings(mainstay(home, "doctor", "--json", cwd=tmp_path))

    assert (found["daemon"]["level"], found["permissions"]["mend"]) == ("problem", f"chmod 0700 {home}")


def test_apps_that_could_be_started_again_are_told(home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "state.json").touch(0o600)
    found = findings(mainstay(home, "doctor", "--json", cwd=tmp_path))

    assert (found["daemon"]["level"], found["daemon"]["mend"]) == ("warn", "`mainstay resurrect` starts what was up")
