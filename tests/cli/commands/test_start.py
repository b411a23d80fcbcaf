import json
import subprocess
import sys
from pathlib import Path

import pytest

from mainstay.model.codec import load
from mainstay.model.spec import AppSpec, Command, PythonApp, RestartOn
from tests.cli.fake_daemon import FakeDaemon, Json, came_of, ok, refused, row
from tests.cli.running import environment, mainstay


def applied(outcome: str = "started", *changes: str, message: str = "") -> object:
    """Answers `apply` with one outcome for each spec."""

    def answer(args: Json) -> object:
        names = " ".join(spec["name"] for spec in args["specs"])
        return iter([{"ok": came_of(names, outcome, *changes, message=message)}])

    return answer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.py").write_text("async def app(scope, receive, send): ...\n")
    (folder / "worker.py").write_text("while True: pass\n")
    (folder / "mainstay.toml").write_text(
        "[apps.jobs]\ncommand = ['sleep', '60']\n[apps.mail]\ncommand = ['sleep', '61']\n"
    )
    return folder


@pytest.fixture(autouse=True)
def answers(daemon: FakeDaemon) -> None:
    daemon.answers["apply"] = applied()  # type: ignore[assignment]


def specs(daemon: FakeDaemon) -> list[AppSpec]:
    return [load(AppSpec, spec) for args in daemon.asked("apply") for spec in args["specs"]]


def test_a_web_app_is_started_and_its_address_told(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("main-0"))

    ran = mainstay(home, "start", "main:app", "-i", "max", cwd=project)

    (spec,) = specs(daemon)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "main started, serves http://127.0.0.1:8000"
    assert "|  0 | main |" in ran.out
    assert isinstance(spec.program, PythonApp)
    assert (spec.program.target, spec.instances, spec.cwd) == ("main:app", 0, str(project))


def test_options_and_arguments_reach_the_spec(home: Path, project: Path, daemon: FakeDaemon) -> None:
    options = ["--name", "q", "--namespace", "night", "-i", "-1", "--no-autorestart", "--env", "staging"]

    ran = mainstay(home, "start", "worker.py", *options, "--", "--queue", "mail", "-v", cwd=project)

    (spec,) = specs(daemon)
    assert (ran.code, ran.err) == (0, "")
    assert isinstance(spec.program, Command)
    assert spec.program.argv[-4:] == (str(project / "worker.py"), "--queue", "mail", "-v")
    assert (spec.name, spec.namespace, spec.instances, spec.environment) == ("q", "night", -1, "staging")
    assert spec.restart.on is RestartOn.NEVER


def test_addresses_may_be_given_more_than_once(home: Path, project: Path, daemon: FakeDaemon) -> None:
    mainstay(home, "start", "main:app", "-b", "127.0.0.1:8001", "-b", "unix:/tmp/x.sock", "--threads", "5", cwd=project)

    (spec,) = specs(daemon)
    assert [str(bind) for bind in spec.binds] == ["127.0.0.1:8001", "unix:/tmp/x.sock"]


def test_without_a_target_the_file_is_meant(home: Path, project: Path, daemon: FakeDaemon) -> None:
    ran = mainstay(home, "start", cwd=project)

    (asked,) = daemon.asked("apply")
    assert ran.out == "jobs started\nmail started\n"
    assert [spec.name for spec in specs(daemon)] == ["jobs", "mail"]
    assert (asked["mode"], asked["source"], asked["only"]) == ("start", str(project / "mainstay.toml"), False)


def test_some_apps_of_a_file_can_be_chosen(home: Path, project: Path, daemon: FakeDaemon) -> None:
    mainstay(home, "start", "mainstay.toml", "--only", "mail", cwd=project)

    (asked,) = daemon.asked("apply")
    assert ([spec.name for spec in specs(daemon)], asked["only"]) == (["mail"], True)


def test_what_already_runs_is_left_alone_and_said(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.answers["apply"] = applied("unchanged")  # type: ignore[assignment]

    ran = mainstay(home, "start", "main:app", "--name", "web", cwd=project)

    assert (ran.code, ran.out) == (0, "web already runs, nothing changed\n")


def test_changes_are_listed_as_a_plan(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.answers["apply"] = applied("changed", "instances 2 -> 4 (live)", "env LOG (rolling)")  # type: ignore[assignment]

    ran = mainstay(home, "start", "main:app", "--name", "web", cwd=project)

    assert ran.out == "web changed\n  instances 2 -> 4 (live)\n  env LOG (rolling)\n"


def test_an_app_that_cannot_start_is_told_with_its_last_words(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.answers["apply"] = refused("cannot start main: exit code 1", lines=["KeyError: 'DB'"], hint="see logs")

    ran = mainstay(home, "start", "main:app", cwd=project)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "mainstay: cannot start main: exit code 1\n  | KeyError: 'DB'\n  hint: see logs\n"


def test_what_started_before_another_failed_is_shown(home: Path, project: Path, daemon: FakeDaemon) -> None:
    done = came_of("jobs", "started")
    done["apps"] += came_of("mail", "failed", message="exit code 1")["apps"]
    daemon.answers["apply"] = refused("cannot start mail: exit code 1", result=done)
    daemon.rows(row("jobs-0"), row("mail-0", id=1, status="errored", pid=None))

    ran = mainstay(home, "start", cwd=project)

    assert ran.code == 1
    assert ran.out.startswith("jobs started\n")
    assert ran.err.startswith("mainstay: cannot start mail: exit code 1\n")
    assert "errored" in ran.out


def test_a_failed_outcome_is_exit_code_1_though_nothing_was_refused(
    home: Path, project: Path, daemon: FakeDaemon
) -> None:
    daemon.answers["apply"] = applied("failed", message="exit code 1")  # type: ignore[assignment]

    ran = mainstay(home, "start", "main:app", cwd=project)

    assert (ran.code, ran.err) == (1, "main failed: exit code 1\n")


def test_a_stopped_app_is_started_by_its_name(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("web-0", status="stopped"), row("web-1", status="stopped"), row("jobs-0", id=2))
    came = came_of("web", "started")
    came["apps"] += came_of("jobs", "unchanged")["apps"]
    daemon.answers["start"] = ok(came)

    ran = mainstay(home, "start", "web", "2", cwd=project)

    assert (ran.code, daemon.asked("start"), daemon.asked("apply")) == (0, [{"selectors": ["web", "2"]}], [])
    assert ran.out.startswith("web started\njobs already runs, nothing changed\n")


def test_what_started_by_name_is_told_though_a_target_after_it_fails(
    home: Path, project: Path, daemon: FakeDaemon
) -> None:
    daemon.rows(row("web-0"))
    daemon.answers["start"] = ok(came_of("web", "started"))
    daemon.answers["apply"] = refused("cannot start worker: exit code 1", result=came_of("worker", "failed"))

    ran = mainstay(home, "start", "web", "worker.py", cwd=project)

    assert (ran.code, ran.out.startswith("web started\n")) == (1, True)
    assert ran.err == "mainstay: cannot start worker: exit code 1\n"


def test_two_starts_at_once_without_a_daemon_both_tell_the_truth(tmp_path: Path) -> None:
    home = tmp_path / "empty"
    command = [sys.executable, "-m", "mainstay", "start", "sleep 1000", "--name", "one"]
    both = [
        subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    said = [process.communicate(timeout=60) for process in both]
    rows = json.loads(mainstay(home, "list", "--json").out)
    killed = mainstay(home, "kill")

    assert [process.returncode for process in both] == [0, 0]
    assert sorted(out.splitlines()[0] for out, _ in said) == ["one already runs, nothing changed", "one started"]
    assert sorted(err.count("started the daemon") for _, err in said) == [0, 1]
    assert [(row["slot"], row["status"]) for row in rows] == [("one-0", "online")]
    assert killed.code == 0


def test_a_file_is_meant_where_the_list_has_no_such_name(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("web-0"))

    mainstay(home, "start", "worker.py", cwd=project)

    assert [spec.name for spec in specs(daemon)] == ["worker"]


def test_a_name_nearly_right_is_exit_code_3_with_the_right_one(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("shopping-0"))

    ran = mainstay(home, "start", "shoping", cwd=project)

    assert (ran.code, ran.err.splitlines()[-1]) == (3, "  hint: did you mean shopping?")


def test_what_is_wrong_with_an_option_is_told_whatever_is_in_the_list(
    home: Path, project: Path, daemon: FakeDaemon
) -> None:
    daemon.rows(row("main-0"))

    ran = mainstay(home, "start", "main:app", "-p", "0", cwd=project)

    assert (ran.code, ran.err) == (2, "mainstay: cannot start main:app: --port: must be from 1 to 65535, not 0\n")


def test_options_do_not_change_an_app_of_the_list(home: Path, project: Path, daemon: FakeDaemon) -> None:
    daemon.rows(row("shop-0", status="stopped"))

    ran = mainstay(home, "start", "shop", "-i", "4", cwd=project)

    assert (ran.code, "cannot start shop with options" in ran.err) == (2, True)


def test_nothing_is_started_when_one_of_several_targets_is_wrong(home: Path, project: Path, daemon: FakeDaemon) -> None:
    ran = mainstay(home, "start", "worker.py", "nothing-of-this-name", cwd=project)

    assert (ran.code, daemon.asked("apply")) == (2, [])


def test_json_is_the_outcomes_alone(home: Path, project: Path) -> None:
    ran = mainstay(home, "start", "--json", cwd=project)

    outcomes = json.loads(ran.out)["apps"]
    assert ([(o["app"], o["outcome"]) for o in outcomes], ran.err) == ([("jobs", "started"), ("mail", "started")], "")


@pytest.mark.parametrize("words", [("sleep 5", "--prune"), ("mainstay.toml", "--only", "jobs", "--prune")])
def test_only_a_whole_file_can_be_pruned(
    home: Path, daemon: FakeDaemon, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "mainstay.toml").write_text("[apps.jobs]\ncommand = ['sleep', '60']\n")

    ran = mainstay(home, "start", *words, cwd=tmp_path)

    assert (ran.code, "--prune does not go with" in ran.err) == (2, True)
    assert daemon.asked("apply") == []
