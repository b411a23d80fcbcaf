from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, came_of, ok, row
from tests.cli.running import mainstay


def test_apps_are_restarted(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["restart"] = ok(came_of("web", "restarted"))
    daemon.rows(row("web-0"))

    ran = mainstay(home, "restart", "web")

    assert (ran.code, daemon.asked("restart")) == (0, [{"selectors": ["web"]}])
    assert ran.out.startswith("web restarted\n")


def test_the_shell_s_variables_are_taken_again_when_asked(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["restart"] = ok(came_of("web", "restarted"))

    mainstay(home, "restart", "web", "--update-env", COLOUR="blue")

    (asked,) = daemon.asked("restart")
    (layer,) = asked["env_layers"]
    assert (layer["source"], layer["values"]["COLOUR"]) == ("shell", "blue")
