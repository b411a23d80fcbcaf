from dataclasses import replace
from pathlib import Path

import pytest

from mainstay.daemon.answers import is_secret
from mainstay.errors import RemoteError
from mainstay.model.codec import dump
from mainstay.model.masking import MASK
from mainstay.model.spec import EnvLayer, Hook
from tests.daemon import apps
from tests.daemon.running import BASE, Daemon, command, web
from tests.waiting import until


@pytest.mark.parametrize("name", ["DB_PASSWORD", "api_key", "DATABASE_URL", "AUTH", "SESSION_COOKIE", "SENTRY_DSN"])
def test_a_name_that_sounds_secret_is_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["PATH", "LANG", "PORT", "URLS", "DEBUG"])
def test_an_ordinary_name_is_not(name: str) -> None:
    assert not is_secret(name)


def test_a_daemon_with_nothing_lists_nothing(daemon: Daemon) -> None:
    assert daemon.rows() == []
    assert daemon.ask("streams", selectors=[]) == {"streams": []}


def test_a_list_has_a_row_for_each_slot_with_what_it_uses(daemon: Daemon) -> None:
    daemon.apply(command("jobs", "sleep", "1000", instances=2))
    first, second = daemon.rows()

    assert [first["slot"], second["slot"]] == ["jobs-0", "jobs-1"]
    assert [first["id"], second["id"]] == [0, 1]
    assert first["status"] == "online"
    assert first["cpu"] < 50
    assert 10_000 < first["memory"] < 50_000_000


def test_a_list_that_is_not_to_measure_says_the_rest(daemon: Daemon) -> None:
    daemon.apply(command("jobs", "sleep", "1000"))
    (row,) = daemon.ask("list", measure=False)["rows"]

    assert (row["slot"], row["status"], row["cpu"], row["memory"]) == ("jobs-0", "online", None, None)


def test_a_slot_without_a_process_uses_nothing(daemon: Daemon) -> None:
    daemon.apply(command("jobs", "sleep", "1000"))
    daemon.stop("jobs")
    row = daemon.row("jobs-0")

    assert (row["status"], row["pid"], row["cpu"], row["memory"]) == ("stopped", None, None, None)


def test_fifty_apps_are_listed_in_a_moment_of_the_daemons_time(daemon: Daemon) -> None:
    daemon.apply(*(command(f"sleep{number}", "sleep", "1000") for number in range(50)))
    before = daemon.cpu()
    for _ in range(10):
        assert len(daemon.rows()) == 50

    assert daemon.cpu() - before < 2.0


def test_the_address_of_a_webhook_is_as_secret_as_a_password(daemon: Daemon) -> None:
    hooks = (Hook("crash", url="https://me:pw@chat.example/hooks/T0/s3cret"), Hook("stop", ("/bin/true",)))
    daemon.apply(replace(command("jobs", "sleep", "1000"), hooks=hooks))
    (app,) = daemon.ask("describe", selectors=["jobs"])["apps"]

    assert [hook["url"] for hook in app["spec"]["hooks"]] == [f"https://chat.example/{MASK}", ""]


def test_a_plan_tells_what_would_be_done_and_does_nothing(daemon: Daemon) -> None:
    old = replace(command("jobs", "sleep", "1000"), source="/srv/mainstay.toml")
    daemon.apply(old, replace(old, name="gone"))
    pid = daemon.row("jobs-0")["pid"]

    plan = daemon.ask("plan", specs=[dump(replace(old, cwd="/tmp"))], source="/srv/mainstay.toml")["apps"]

    assert [(step["app"], step["action"], step["way"]) for step in plan] == [
        ("jobs", "change", "rolling"),
        ("gone", "remove", ""),
    ]
    assert plan[0]["changes"] == ["cwd / -> /tmp (rolling)"]
    assert daemon.row("jobs-0")["pid"] == pid


def test_a_description_masks_what_the_environment_holds(daemon: Daemon) -> None:
    daemon.apply(replace(command("jobs", "sleep", "1000"), env=(BASE, EnvLayer("env", {"DB_PASSWORD": "hunter2"}))))
    (app,) = daemon.ask("describe", selectors=["jobs"])["apps"]

    assert "hunter2" not in str(app)
    assert app["spec"]["env"][1]["values"] == {"DB_PASSWORD": MASK}
    assert app["slots"][0]["logs"]["out"] == str(daemon.home / "logs" / "jobs-0.out.log")
    assert app["slots"][0]["logs"]["dropped"] == {"out": 0, "err": 0}


def test_the_environment_says_where_each_variable_came_from(daemon: Daemon) -> None:
    spec = replace(command("jobs", "sleep", "1000"), env=(BASE, EnvLayer("env", {"DB_PASSWORD": "hunter2"})))
    daemon.apply(spec)
    found = daemon.ask("env", selector="jobs-0")
    variables = {variable["name"]: variable for variable in found["variables"]}

    assert (found["app"], found["slot"]) == ("jobs", "jobs-0")
    password = {"name": "DB_PASSWORD", "value": "hunter2", "source": "env", "secret": True}
    assert variables["DB_PASSWORD"] == password
    assert variables["MAINSTAY_APP"]["source"] == "mainstay"
    assert "MAINSTAY_WORKER" not in variables


def test_streams_are_those_of_the_slots_and_of_the_template(daemon: Daemon, tmp_path: Path) -> None:
    daemon.apply(web("shop", "shop:app", apps.write(tmp_path / "site", shop=apps.GOOD), 2))
    streams = daemon.ask("streams", selectors=[])["streams"]
    one = daemon.ask("streams", selectors=["shop-1"])["streams"]

    assert [(s["slot"], s["index"], s["stream"]) for s in streams] == [
        ("shop-0", 0, "out"),
        ("shop-0", 0, "err"),
        ("shop-1", 1, "out"),
        ("shop-1", 1, "err"),
        ("shop-template", -1, "out"),
        ("shop-template", -1, "err"),
    ]
    assert [s["slot"] for s in one] == ["shop-1", "shop-1"]


@pytest.mark.parametrize("verb", ["describe", "streams"])
def test_an_unknown_name_is_refused_with_the_nearest_one(daemon: Daemon, verb: str) -> None:
    daemon.apply(command("jobs", "sleep", "1000"))
    with pytest.raises(RemoteError) as refused:
        daemon.ask(verb, selectors=["jbos"])

    assert (refused.value.message, refused.value.hint) == ("nothing is called 'jbos'", "did you mean jobs?")
    assert refused.value.exit_code == 3


def test_a_ping_tells_who_and_for_how_long(daemon: Daemon) -> None:
    until(lambda: daemon.ask("ping")["uptime"] > 0)

    assert daemon.ask("ping")["pid"] == daemon.pid
