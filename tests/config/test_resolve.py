import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest

from mainstay.config.file import specs_from_file
from mainstay.model.spec import (
    Command,
    Condition,
    Dependency,
    Engine,
    Health,
    Hook,
    HttpCheck,
    Interface,
    Limits,
    LogFormat,
    LogPolicy,
    Privileges,
    PythonApp,
    Restart,
    RestartOn,
    Rlimit,
    Schedule,
    TcpBind,
    UnixBind,
    environment_of,
)

from .files import ENVIRON, mistakes, one, write
from .test_interpreter import make_venv, old_python

SLEEP = shutil.which("sleep", path=ENVIRON["PATH"]) or ""


def test_a_web_app_needs_nothing_but_its_target(tmp_path: Path) -> None:
    spec = one(tmp_path, "[apps.web]\napp = 'shop.main:app'\n")

    assert spec.program == PythonApp("shop.main:app", sys.executable)
    assert spec.binds == (TcpBind("127.0.0.1", 8000),)
    assert (spec.name, spec.namespace, spec.instances) == ("web", "default", 1)
    assert (spec.cwd, spec.source) == (str(tmp_path), str(tmp_path / "mainstay.toml"))
    assert spec.environment == "production"


def test_every_key_arrives_in_the_spec(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    spec = one(
        tmp_path,
        """\
        [apps.web]
        app = "shop:create_app()"
        bind = [":9000", "unix:run/shop.sock"]
        instances = "max"
        namespace = "shop"
        cwd = "inner"
        engine = "granian"
        interface = "wsgi"
        preload = false
        threads = 8
        start_timeout = "1m"
        stop_timeout = 3
        stop_signal = "QUIT"
        parallel = 2
        restart = { on = "failure", backoff = "fixed", first = "1s", cap = "2s", give_up_after = 7 }
        logs = { format = "json", rotate = "1MiB", keep = 2, compress = false, out = "logs/out", err = "/var/log/err" }
        """,
    )

    assert spec.program == PythonApp(
        "shop:create_app()", sys.executable, Engine.GRANIAN, Interface.WSGI, preload=False, threads=8
    )
    assert spec.binds == (TcpBind("0.0.0.0", 9000), UnixBind(f"{tmp_path}/run/shop.sock"))
    assert (spec.instances, spec.namespace, spec.cwd) == (0, "shop", f"{tmp_path}/inner")
    assert (spec.start_timeout, spec.stop_timeout, spec.stop_signal, spec.parallel) == (60.0, 3.0, "SIGQUIT", 2)
    assert spec.restart == Restart(RestartOn.FAILURE, 1.0, 2.0, exponential=False, give_up_after=7)
    assert spec.logs == LogPolicy(LogFormat.JSON, 1024**2, 2, False, f"{tmp_path}/logs/out", "/var/log/err")


def test_every_key_of_care_and_order_arrives_in_the_spec(tmp_path: Path) -> None:
    text = """\
        [hooks]
        on_crash = ["sleep", "1"]
        on_stop = { url = "https://chat.example/x" }
        [apps.db]
        command = "sleep 9"
        health = { tcp = "127.0.0.1:5432", failures = 1 }
        [apps.web]
        app = "shop:app"
        trusted_proxy = ["loopback", "10.0.0.0/8"]
        health = { path = "/healthz", interval = "5s", timeout = "1s", failures = 2 }
        max_memory = "512MiB"
        max_requests = 1000
        max_lifetime = "24h"
        watchdog = "30s"
        umask = "027"
        nice = 3
        rlimits = { core = 0 }
        depends_on = { db = "healthy" }
        before_start = "sleep 1 && sleep 2"
        before_start_timeout = "1m"
        after_stop = ["sleep", "3"]
        restart.schedule = "@daily"
        hooks = { on_stop = false, on_start = "sleep 4" }
    """
    path = write(tmp_path / "mainstay.toml", text)

    _, spec = specs_from_file(str(path), None, (), ENVIRON)

    assert spec.health == Health(HttpCheck("/healthz"), 5.0, 1.0, 2)
    assert spec.limits == Limits(512 * 1024**2, 1000, 86400.0, 30.0)
    assert spec.privileges == Privileges(umask=0o27, nice=3, rlimits=(Rlimit("core", 0, 0),))
    assert spec.depends_on == (Dependency("db", Condition.HEALTHY),)
    assert spec.before_start == ("/bin/sh", "-c", "sleep 1 && sleep 2")
    assert spec.before_start_timeout == 60.0
    assert spec.trusted_proxy == "loopback, 10.0.0.0/8"
    assert spec.after_stop == (SLEEP, "3")
    assert spec.restart.schedule == "0 0 * * *"
    assert spec.hooks == (Hook("crash", (SLEEP, "1")), Hook("start", (SLEEP, "4")))


def test_a_job_has_its_schedule(tmp_path: Path) -> None:
    spec = one(tmp_path, "[apps.x]\ncommand = 'sleep 1'\nschedule = { cron = '0 3 * * *', timezone = 'UTC' }\n")

    assert spec.schedule == Schedule("0 3 * * *", "UTC")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run an app as another user")
def test_another_user_has_its_own_home_unless_it_is_declared(tmp_path: Path) -> None:
    text = "[apps.x]\ncommand = 'sleep 1'\nuser = 'nobody'\nenv = { LOGNAME = 'me' }\n"
    known = {name: value for name, (value, _) in environment_of(one(tmp_path, text)).items()}

    assert (known["HOME"], known["USER"], known["LOGNAME"]) == (pwd.getpwnam("nobody").pw_dir, "nobody", "me")


def test_a_command_listens_nowhere_by_itself(tmp_path: Path) -> None:
    spec = one(tmp_path, "[apps.jobs]\ncommand = ['sleep', '5 s']\n")

    assert spec.program == Command((SLEEP, "5 s"))
    assert spec.binds == ()


def test_a_program_with_a_slash_is_taken_from_the_apps_folder(tmp_path: Path) -> None:
    run = write(tmp_path / "inner" / "bin" / "run", "#!/bin/sh\n", 0o755)

    spec = one(tmp_path, "[apps.jobs]\ncwd = 'inner'\ncommand = 'bin/run x'\n")

    assert spec.program == Command((str(run), "x"))


def test_a_script_is_run_as_it_says_with_its_arguments(tmp_path: Path) -> None:
    script = write(tmp_path / "worker.py", "")

    spec = one(tmp_path, "[apps.jobs]\nscript = 'worker.py'\nargs = ['--day', '1']\n")

    assert spec.program == Command((sys.executable, str(script), "--day", "1"))


def test_python_of_a_command_is_that_of_the_projects_venv(tmp_path: Path) -> None:
    made = make_venv(tmp_path / ".venv")

    spec = one(tmp_path, "[apps.jobs]\ncommand = ['python', 'report.py']\n")

    assert spec.program == Command((str(made / "bin" / "python"), "report.py"))
    assert environment_of(spec)["VIRTUAL_ENV"] == (str(made), "base")
    assert environment_of(spec)["PATH"][0].startswith(f"{made}/bin:")


def test_python_of_the_file_is_taken_from_the_files_folder(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "envs" / "shop")
    (tmp_path / "inner").mkdir()

    for written in ("envs/shop", "envs/shop/bin/python"):
        spec = one(tmp_path, f"[apps.web]\napp = 'a:b'\ncwd = 'inner'\npython = '{written}'\n")
        assert spec.program == PythonApp("a:b", str(made / "bin" / "python"))


def test_the_environment_is_layered_later_wins(tmp_path: Path) -> None:
    write(tmp_path / "one.env", "A=one\nB=one\nC=one\nD=one\n")
    write(tmp_path / "two.env", "B=two\nC=two\nD=two\n")
    path = write(
        tmp_path / "mainstay.toml",
        """\
        [apps.web]
        app = "a:b"
        env_files = ["one.env", "two.env"]
        env = { C = "env", D = "env" }
        [apps.web.environments.staging]
        env = { D = "staging" }
        [apps.web.environments.production]
        env = { D = "production" }
        """,
    )

    (spec,) = specs_from_file(str(path), "staging", (), ENVIRON | {"SECRET": "of the shell"})

    found = environment_of(spec)
    assert spec.environment == "staging"
    assert found["A"] == ("one", f"file {tmp_path}/one.env")
    assert found["B"] == ("two", f"file {tmp_path}/two.env")
    assert (found["C"], found["D"]) == (("env", "env"), ("staging", "environments.staging"))
    assert "SECRET" not in found
    assert [layer.source.partition(" ")[0] for layer in spec.env] == [
        "base",
        "file",
        "file",
        "env",
        "environments.staging",
    ]


def test_production_is_what_nobody_has_to_ask_for(tmp_path: Path) -> None:
    spec = one(tmp_path, "[apps.web]\napp = 'a:b'\nenvironments.production.env = { A = 'x' }\n")

    assert environment_of(spec)["A"] == ("x", "environments.production")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cwd = 'nowhere'", "mainstay.toml:3: apps.web.cwd: no such folder: nowhere"),
        (
            "env_files = [\n'none.env']",
            "mainstay.toml:4: apps.web.env_files[0]: cannot read none.env: no such file or directory",
        ),
        ("env_files = 'bad.env'", "bad.env:2: not of the form NAME=value"),
        (
            "env_files = 'expanded.env'",
            "expanded.env:1: HOME_PAGE: ${NAME} is not expanded; write it out, or in single quotes when it is meant",
        ),
        (
            "env_files = 'app.env'",
            "app.env:2: APP_ENV: may not be set here: a file cannot know where it runs; `start` says "
            "production, `dev` development, and `--env NAME` anything else",
        ),
        (
            "python = 'nowhere/python'",
            "mainstay.toml:3: apps.web.python: cannot find the interpreter nowhere/python: no such program",
        ),
        (
            "python = 'python9'",
            "mainstay.toml:3: apps.web.python: python9 (asked for) is Python 3.9.18, and apps need 3.11 "
            "or newer; make the virtual environment with Python 3.11 or newer",
        ),
        (
            "bind = 'unix:" + "x" * 120 + "'",
            "mainstay.toml:3: apps.web.bind: the path of a Unix socket may have 107 bytes, not ",
        ),
    ],
)
def test_what_the_machine_lacks_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    write(tmp_path / "bad.env", "A=1\nB\n")
    write(tmp_path / "expanded.env", "HOME_PAGE=${HOST}/x\nPATTERN='${HOST}'\n")
    write(tmp_path / "app.env", "A=1\nAPP_ENV=production\n")
    old_python(tmp_path / "bin" / "python9")
    monkeypatch.setitem(ENVIRON, "PATH", f"{tmp_path}/bin:/usr/bin:/bin")

    (line,) = mistakes(tmp_path, f"[apps.web]\napp = 'a:b'\n{text}\n")

    assert line.replace(f"{tmp_path}/", "").replace("bin/python9 (", "python9 (").startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("command = 'gunicron -b x'", "apps.jobs.command: no program gunicron on PATH"),
        ("command = './run'", "apps.jobs.command: no program ./run in "),
        ("script = 'nowhere.py'", "apps.jobs.script: no such file: nowhere.py"),
        ("script = 'data'", "apps.jobs.script: what runs data is not known"),
        ("script = 'data'\ninterpreter = 'nowhere'", "apps.jobs.interpreter: cannot find nowhere: not on PATH"),
        ("command = 'sleep 1'\nincrement = 'PORT'", "apps.jobs.increment: PORT is no number in this app's environment"),
    ],
)
def test_what_cannot_be_run_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path / "data", "x")

    (line,) = mistakes(tmp_path, f"[apps.jobs]\n{text}\n")

    assert told in line.replace(f"{tmp_path}/", "")


def test_a_port_can_be_counted_up(tmp_path: Path) -> None:
    spec = one(tmp_path, "[apps.jobs]\ncommand = 'sleep 1'\nincrement = 'PORT'\nenv.PORT = 3000\n")

    assert spec.program == Command((SLEEP, "1"), "PORT")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[apps.a]\napp = 'a:b'\n[apps.b]\napp = 'a:b'\n",
            "mainstay.toml:3: apps.b.bind: 127.0.0.1:8000 (the default) is taken by the app a, on 127.0.0.1:8000",
        ),
        (
            "[apps.a]\napp = 'a:b'\nbind = ':9000'\n[apps.b]\napp = 'a:b'\nbind = [\n'9001',\n'9000']\n",
            "mainstay.toml:8: apps.b.bind[1]: 127.0.0.1:9000 is taken by the app a, on 0.0.0.0:9000",
        ),
        (
            "[apps.a]\napp = 'a:b'\nbind = ['9000', '9000']\n",
            "mainstay.toml:3: apps.a.bind[1]: 127.0.0.1:9000 is taken by this app, on 127.0.0.1:9000",
        ),
    ],
)
def test_one_address_is_not_given_out_twice(tmp_path: Path, text: str, told: str) -> None:
    assert mistakes(tmp_path, text) == [told]


def test_a_broken_venv_stops_a_web_app_and_no_other_program(tmp_path: Path) -> None:
    made = make_venv(tmp_path / ".venv")
    (made / "bin" / "python").unlink()

    assert "is broken" in mistakes(tmp_path, "[apps.web]\napp = 'a:b'\n")[0]
    assert mistakes(tmp_path, "[apps.jobs]\ncommand = 'sleep 1'\n") == []


def test_a_log_file_is_no_folder(tmp_path: Path) -> None:
    told = mistakes(tmp_path, "[apps.jobs]\ncommand = 'sleep 1'\nlogs.out = '.'\n")

    assert told == [f"mainstay.toml:3: apps.jobs.logs.out: {tmp_path} is a folder; name a file in it"]
