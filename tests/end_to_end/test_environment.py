"""The environment of what runs: where each variable comes from, what is hidden, and what is gone."""

import json
from pathlib import Path

from tests.end_to_end.site import ASGI, Site
from tests.waiting import until


def variables(site: Site, app: str, *options: str) -> dict[str, tuple[str, str]]:
    """What `env` says: name -> (value, source)."""
    found = json.loads(site.ok("env", app, "--json", *options).out)
    return {variable["name"]: (variable["value"], variable["source"]) for variable in found}


def given(site: Site, app: str) -> dict[str, str]:
    """What the process was really started with."""
    text = Path(f"/proc/{site.pids(app)[0]}/environ").read_text()
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


def test_each_variable_is_shown_with_the_layer_that_won(site: Site) -> None:
    site.write("shop.env", "A=file\nB=file\nC=file\n")
    site.write(
        "mainstay.toml",
        "[apps.jobs]\ncommand = ['sleep', '1000']\nenv_files = ['shop.env']\nenv = { B = 'env', C = 'env' }\n"
        "[apps.jobs.environments.production]\nenv = { C = 'production' }\n",
    )
    site.ok("start", TYPED="1")
    shown = variables(site, "jobs")

    assert shown["A"] == ("file", f"file {site.folder}/shop.env")
    assert shown["B"] == ("env", "env")
    assert shown["C"] == ("production", "environments.production")
    assert shown["APP_ENV"] == ("production", "mainstay")
    assert shown["HOME"] == (str(site.folder), "base")
    assert "TYPED" not in shown
    real = given(site, "jobs")
    assert {name: real[name] for name in shown} == {name: value for name, (value, _) in shown.items()}


def test_secrets_are_masked_until_they_are_asked_for(site: Site) -> None:
    site.write("mainstay.toml", "[apps.jobs]\ncommand = ['sleep', '1000']\nenv = { API_TOKEN = 'hunter2' }\n")
    site.ok("start")

    assert "hunter2" not in site.ok("env", "jobs").said
    assert "hunter2" not in site.ok("describe", "jobs", "--json").said
    assert variables(site, "jobs", "--show")["API_TOKEN"][0] == "hunter2"


def test_the_shell_is_taken_again_only_when_asked_for(site: Site) -> None:
    site.write("main.py", ASGI)
    site.ok("start", "main:app", "--name", "web", "--bind", f"unix:{site.home}/web.sock", FIRST="1", COLOUR="red")
    site.ok("start", "sleep 1000", "--name", "jobs", FIRST="1", COLOUR="red")

    site.ok("reload", "web", COLOUR="blue")
    site.ok("restart", "jobs", COLOUR="blue")
    kept = [given(site, app)["COLOUR"] for app in ("web", "jobs")]
    site.ok("reload", "web", "--update-env", COLOUR="blue")
    site.ok("restart", "jobs", "--update-env", COLOUR="blue")

    assert kept == ["red", "red"]
    for app in ("web", "jobs"):
        assert variables(site, app)["COLOUR"] == ("blue", "shell")
        until(lambda app=app: given(site, app).get("COLOUR") == "blue", 20)  # type: ignore[misc]
        assert "FIRST" not in given(site, app)


def test_a_file_cannot_say_where_it_runs(site: Site) -> None:
    site.write("shop.env", "A=1\nAPP_ENV=production\n")
    site.write("mainstay.toml", "[apps.jobs]\ncommand = ['sleep', '1000']\nenv_files = ['shop.env']\n")

    ran = site.run("start")

    assert ran.code == 2
    assert "shop.env:2: APP_ENV: may not be set here: a file cannot know where it runs" in ran.err
    assert site.daemon_pid() is None
