import json
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, Json, ok
from tests.cli.running import mainstay

FILE = "[apps.jobs]\ncommand = ['sleep', '60']\n[apps.web]\ncommand = ['sleep', '61']\n"


def step(app: str, action: str, way: str = "", *changes: str) -> Json:
    return {"app": app, "action": action, "way": way, "changes": list(changes), "in_the_way": False}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mainstay.toml").write_text(FILE)
    return tmp_path


def test_each_app_has_its_line_with_what_differs_below(home: Path, daemon: FakeDaemon, folder: Path) -> None:
    steps = [
        step("jobs", "unchanged"),
        step("web", "change", "rolling", "cwd /a -> /b (rolling)"),
        step("new", "add"),
        step("off", "start"),
        step("old", "remove"),
    ]
    daemon.answers["plan"] = ok({"apps": steps})

    ran = mainstay(home, "plan", cwd=folder)

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "jobs  unchanged",
        "web   change (rolling)",
        "        cwd /a -> /b (rolling)",
        "new   add",
        "off   start: it is stopped",
        "old   remove: its file does not declare it any more; done with --prune",
    ]


def test_the_daemon_is_asked_about_the_whole_file_and_nothing_else(
    home: Path, daemon: FakeDaemon, folder: Path
) -> None:
    mainstay(home, "plan", str(folder))

    assert [request["verb"] for request in daemon.requests] == ["plan"]
    (asked,) = daemon.asked("plan")
    assert [spec["name"] for spec in asked["specs"]] == ["jobs", "web"]
    assert asked["source"] == str(folder / "mainstay.toml")


def test_of_some_apps_of_a_file_no_other_is_missed(home: Path, daemon: FakeDaemon, folder: Path) -> None:
    mainstay(home, "plan", "--only", "web", "--env", "staging", cwd=folder)
    mainstay(home, "plan", "--only", "web", "--env", "development", cwd=folder)

    (asked,) = daemon.asked("plan")
    assert ([spec["name"] for spec in asked["specs"]], asked["source"]) == (["web"], "")
    assert asked["specs"][0]["environment"] == "development"


def test_where_no_daemon_runs_everything_is_to_be_added_and_none_is_started(home: Path, folder: Path) -> None:
    ran = mainstay(home, "plan", cwd=folder)
    as_json = mainstay(home, "plan", "--json", cwd=folder)

    assert (ran.code, ran.out) == (0, "jobs  add\nweb   add\n")
    assert json.loads(as_json.out) == [step("jobs", "add"), step("web", "add")]
    assert not (home / "daemon.sock").exists()


def test_as_json_the_steps_are_an_array(home: Path, daemon: FakeDaemon, folder: Path) -> None:
    daemon.answers["plan"] = ok({"apps": [step("web", "change", "live", "nice")]})

    assert json.loads(mainstay(home, "plan", "--json", cwd=folder).out) == [step("web", "change", "live", "nice")]


def test_only_files_can_be_planned(home: Path, folder: Path) -> None:
    ran = mainstay(home, "plan", "sleep 5", cwd=folder)

    assert (ran.code, "only a config file is compared" in ran.err) == (2, True)


def test_mistakes_of_the_file_are_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mainstay.toml").write_text("[apps.web]\nap = 1\ncommand = 'sleep 1'\n")

    ran = mainstay(home, "plan", cwd=tmp_path)

    assert (ran.code, "mainstay.toml:2: apps.web.ap: no such key" in ran.err) == (2, True)
