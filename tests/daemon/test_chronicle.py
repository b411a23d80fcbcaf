"""What a real daemon records of what really happens."""

import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.errors import MainstayError
from mainstay.model.spec import EnvLayer, LogPolicy
from tests.daemon import apps
from tests.daemon.happenings import events, until_events
from tests.daemon.running import BASE, Daemon, command, running, shell, web


def test_a_worker_that_is_killed_and_one_that_fails_are_told_apart(daemon: Daemon) -> None:
    daemon.apply(command("killed", "sleep", "1000"))
    pid = daemon.worker("killed-0")
    os.kill(pid, signal.SIGKILL)
    daemon.apply(shell("fails", "sleep 0.2; echo the disk is gone >&2; exit 3"))

    (killed,) = [event for event in until_events(daemon, "crash") if event["app"] == "killed"]
    fails = next(event for event in until_events(daemon, "crash", 2) if event["app"] == "fails")
    assert (killed["signal"], killed["code"], killed["pid"], killed["slot"]) == ("SIGKILL", None, pid, "killed-0")
    assert killed["uptime"] > 0
    assert (fails["signal"], fails["code"], fails["slot"], fails["generation"]) == (None, 3, "fails-0", 1)
    assert fails["lines"] == ["the disk is gone"]
    assert "exit code 3" in fails["text"]


def test_every_request_that_changes_something_names_the_user_who_made_it(daemon: Daemon) -> None:
    daemon.apply(command("jobs", "sleep", "1000"))
    daemon.ask("scale", app="jobs", to="2")
    with pytest.raises(MainstayError):
        daemon.ask("stop", selectors=["nobody"])
    daemon.rows()

    asked = [(event["verb"], event["uid"], event["apps"]) for event in events(daemon.home, "request")]
    refused = [(event["verb"], event["uid"]) for event in events(daemon.home, "request_refused")]
    assert asked == [
        ("apply", os.geteuid(), ["jobs"]),
        ("scale", os.geteuid(), ["jobs"]),
        ("stop", os.geteuid(), ["nobody"]),
    ]
    assert refused == [("stop", os.geteuid())]


def test_the_daemon_tells_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    for _ in "ab":
        with running(tmp_path / "home") as daemon:
            assert events(daemon.home)[-1]["pid"] == daemon.pid

    found = events(tmp_path / "home")
    told = [event["event"] for event in found if event["event"].startswith("daemon")]
    assert told == ["daemon_started", "daemon_ended"] * 2
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))


def test_no_value_of_a_variable_is_recorded(daemon: Daemon) -> None:
    secret = EnvLayer("env", {"API_KEY": "hunter2"})
    spec = replace(command("jobs", "sleep", "1000"), env=(BASE, secret))
    daemon.apply(spec)
    daemon.apply(replace(spec, env=(BASE, replace(secret, values={"API_KEY": "hunter3"}))))
    daemon.ask("restart", selectors=["jobs"], env_layers=[{"source": "shell", "values": {"X": "hunter4"}}])
    daemon.delete("jobs")

    text = (daemon.home / "events.jsonl").read_text()
    assert "hunter" not in text
    assert "~API_KEY" in text


def test_a_reload_that_is_refused_is_told_with_its_lines(daemon: Daemon, tmp_path: Path) -> None:
    folder = apps.write(tmp_path / "apps", shop=apps.GOOD)
    daemon.apply(web("shop", "shop:app", folder))
    (folder / "shop.py").write_text(apps.NO_IMPORT)
    with pytest.raises(MainstayError):
        daemon.ask("reload", selectors=["shop"])

    (refused,) = events(daemon.home, "reload_refused")
    assert "nothing_of_this_name" in refused["reason"]
    assert refused["generation"] == 2
    assert [event["generation"] for event in events(daemon.home, "rollout")] == [2]


def test_output_that_cannot_be_written_is_told(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    daemon.apply(replace(shell("loud", "echo hello; sleep 1000"), logs=LogPolicy(out=str(tmp_path / "taken"))))

    (told,) = until_events(daemon, "output")
    assert str(tmp_path / "taken") in told["text"]
    assert re.search(r"cannot write .*taken", daemon.log)


def test_what_is_told_is_in_the_daemons_log_too(daemon: Daemon) -> None:
    daemon.apply(command("jobs", "sleep", "1000"))

    assert "jobs: jobs-0@1 is ready" in daemon.log
    assert "apply" in daemon.log
