from pathlib import Path

import pytest

from .files import mistakes

WEB = "[apps.web]\napp = 'a:b'\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bnd = ':1'", "apps.web.bnd: no such key; did you mean `bind`?"),
        ("workers = 2", "apps.web.workers: no such key; did you mean `instances`?"),
        ("kill_timeout = 2", "apps.web.kill_timeout: no such key; did you mean `stop_timeout`?"),
        ("stop-timeout = 2", "apps.web.stop-timeout: no such key; did you mean `stop_timeout`?"),
        ("zzz = 2", "apps.web.zzz: no such key"),
        ("watch = true", "apps.web.watch: no such key; `mainstay dev` is what reloads on save"),
        ("max_memory_restart = '1G'", "apps.web.max_memory_restart: no such key; did you mean `max_memory`?"),
        ("cron_restart = '@daily'", "apps.web.cron_restart: no such key; did you mean `restart.schedule`?"),
        ("before_start = 'nixda x'", "apps.web.before_start: no program nixda on PATH"),
        ("health = { command = ['./nixda'] }", "apps.web.health.command: no program ./nixda in TMP"),
        ("user = 'nobdy'", "apps.web.user: no user is called nobdy; `getent passwd` lists them"),
        (
            "env_production = { A = 'x' }",
            "apps.web.env_production: no such key; write [apps.NAME.environments.production] with env = { ... }",
        ),
        ("restart.frist = 1", "apps.web.restart.frist: no such key; did you mean `first`?"),
        (
            "restart = true",
            "apps.web.restart: must be a table, not true or false; its keys are "
            "on, backoff, first, cap, give_up_after, schedule",
        ),
        (
            "restart = 'sometimes'",
            'apps.web.restart: must be "always", "failure", "on-failure" or "never", not \'sometimes\'',
        ),
        (
            "restart = { first = '2m' }",
            "apps.web.restart.first: the first wait (120 s) is longer than the longest (60 s)",
        ),
        ("instances = 'two'", "apps.web.instances: must be a whole number or \"max\", not 'two'"),
        (
            "env = { APP_ENV = 'x' }",
            "apps.web.env.APP_ENV: may not be set here: a file cannot know where it runs; `start` "
            "says production, `dev` development, and `--env NAME` anything else",
        ),
        ("command = 'x'", "apps.web.command: not together with `app`; an app runs one thing"),
        ("increment = 'PORT'", "apps.web.increment: goes with `command` or `script` only, not with `app`"),
        ("bind = [':1', 'x']", "apps.web.bind[1]: no port in 'x'; write x:8000"),
        (
            "environments = 1",
            "apps.web.environments: must be a table, not a number; write "
            "[apps.NAME.environments.production] with env = { ... }",
        ),
        (
            "environments.dev = 1",
            "apps.web.environments.dev: must be a table, not a number; write "
            "[apps.NAME.environments.production] with env = { ... }",
        ),
        (
            "environments.dev.env.APP_ENV = 'x'",
            "apps.web.environments.dev.env.APP_ENV: may not be set here: a file cannot "
            "know where it runs; `start` says production, `dev` development, and `--env NAME` anything else",
        ),
        (
            "environments.dev.threads = 1",
            "apps.web.environments.dev.threads: only `env` may differ from one environment to another",
        ),
        ("environments.dev.envs = 1", "apps.web.environments.dev.envs: no such key; did you mean `env`?"),
        (
            "environments.'a b'.env = {}",
            "apps.web.environments.\"a b\": 'a b' cannot be the name of an environment; for example staging",
        ),
        (
            "environments.dev.env = 1",
            'apps.web.environments.dev.env: must be a table like { LOG_LEVEL = "info" }, not a number',
        ),
    ],
)
def test_a_wrong_key_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (said,) = mistakes(tmp_path, f"{WEB}{text}\n")

    assert said.replace(str(tmp_path), "TMP") == f"mainstay.toml:3: {told}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 'mainstay.toml:1: no app is declared; begin with [apps.web] and app = "module:attribute"'),
        ("apps = 1", "mainstay.toml:1: apps: must be a table, not a number; begin each app with [apps.NAME]"),
        ("[[apps]]\nname = 'x'", "mainstay.toml:1: apps: must be a table, not a list; begin each app with [apps.NAME]"),
        ("\n[web]\napp = 'a:b'", "mainstay.toml:2: web: no such key; write [apps.web]"),
        ("app = 'a:b'", "mainstay.toml:1: app: no such key; keys belong to an app: write them under [apps.NAME]"),
        ("aps = 1", "mainstay.toml:1: aps: no such key; did you mean `apps`?"),
        ("[apps]\nweb = 1", "mainstay.toml:2: apps.web: must be a table, not a number; write [apps.web]"),
        ("[apps.web]\n", "mainstay.toml:1: apps.web: says nothing to run; write `app`, `command` or `script`"),
        (
            "[apps.web-0]\napp = 'a:b'",
            "mainstay.toml:1: apps.web-0: web-0 cannot be a name: it is how slot 0 of an app web is called; "
            "write web0 or web_0",
        ),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert mistakes(tmp_path, f"{text}\n") == [told]


def test_everything_wrong_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = """\
        odd = 1
        [apps.web]
        app = "main.py:app"
        stop_timeout = "soon"
        env = { A = [], B = {} }
        [apps.jobs]
        command = ""
        threads = 2
    """

    lines = [line.split(": ")[0:2] for line in mistakes(tmp_path, text)]

    assert lines == [
        ["mainstay.toml:1", "odd"],
        ["mainstay.toml:3", "apps.web.app"],
        ["mainstay.toml:4", "apps.web.stop_timeout"],
        ["mainstay.toml:5", "apps.web.env.A"],
        ["mainstay.toml:5", "apps.web.env.B"],
        ["mainstay.toml:7", "apps.jobs.command"],
        ["mainstay.toml:8", "apps.jobs.threads"],
    ]


@pytest.mark.parametrize(
    "written", ["restart = 'on-failure'", "restart.on = 'failure'", "restart = { on = 'failure' }"]
)
def test_a_restart_may_be_written_short_or_long(tmp_path: Path, written: str) -> None:
    assert mistakes(tmp_path, f"{WEB}{written}\n") == []


def test_dependencies_must_be_there_and_in_no_circle(tmp_path: Path) -> None:
    text = """\
        [apps.web]
        app = "a:b"
        depends_on = ["db", "jbs"]
        [apps.jobs]
        command = "sleep 1"
        depends_on = { web = "healthy", db = "started" }
        [apps.db]
        command = "sleep 1"
        depends_on = ["cache"]
        [apps.cache]
        command = "sleep 1"
        depends_on = "db"
    """

    assert mistakes(tmp_path, text) == [
        "mainstay.toml:3: apps.web.depends_on[1]: no app is called jbs; did you mean `jobs`?",
        "mainstay.toml:6: apps.jobs.depends_on.web: web has no health check; write health under [apps.web]",
        "mainstay.toml:9: apps.db.depends_on: waits for itself: db -> cache -> db; take one of them out",
    ]


def test_the_file_of_the_databases_is_a_text(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"database = 'shop/database.py'\n{WEB}") == []
    assert mistakes(tmp_path, f"database = 1\n{WEB}") == [
        'mainstay.toml:1: database: must be a text, not a number; write the path of a Python file: "shop/database.py"'
    ]
    assert mistakes(tmp_path, f"database = ''\n{WEB}") == [
        'mainstay.toml:1: database: is empty; write the path of a Python file: "shop/database.py"'
    ]


def test_hooks_of_the_file_are_checked_too(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"{WEB}[hooks]\non_crsh = 'x'\n") == [
        "mainstay.toml:4: hooks.on_crsh: no such event; did you mean `on_crash`?"
    ]
    assert mistakes(tmp_path, f"{WEB}[hooks]\non_crash = 'nixda'\n") == [
        "mainstay.toml:4: hooks.on_crash: no program nixda on PATH"
    ]
    assert mistakes(tmp_path, f"hooks = 1\n{WEB}") == [
        'mainstay.toml:1: hooks: must be a table like { on_crash = ["notify", "me"] }, not a number'
    ]
