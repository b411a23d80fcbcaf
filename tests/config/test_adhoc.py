import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mainstay.config.adhoc import Ambient, Options, spec_from_target
from mainstay.errors import NoSuchName, UsageError
from mainstay.model.spec import (
    AppSpec,
    Command,
    Engine,
    Health,
    HttpCheck,
    Limits,
    PythonApp,
    RestartOn,
    Schedule,
    TcpBind,
    UnixBind,
    environment_of,
)

from .files import ENVIRON, write
from .test_interpreter import make_venv, old_python

SLEEP = shutil.which("sleep", path=ENVIRON["PATH"]) or ""
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"


def started(folder: Path, target: str, options: Options | None = None, **environ: str) -> AppSpec:
    """The only spec of a target typed in `folder`."""
    (spec,) = spec_from_target(target, options or Options(), Ambient(str(folder), ENVIRON | environ))
    return spec


def refused(folder: Path, target: str | None, options: Options | None = None) -> UsageError:
    """How a target is refused."""
    with pytest.raises(UsageError) as caught:
        spec_from_target(target, options or Options(), Ambient(str(folder), ENVIRON))
    return caught.value


def test_a_web_app_is_served_here_on_one_instance(tmp_path: Path) -> None:
    spec = started(tmp_path, "shop.main:app")

    assert spec.program == PythonApp("shop.main:app", sys.executable)
    assert (spec.name, spec.instances, spec.cwd, spec.source) == ("shop", 1, str(tmp_path), "")
    assert spec.binds == (TcpBind("127.0.0.1", 8000),)
    assert spec.restart.on is RestartOn.ALWAYS
    assert spec.environment == "production"


@pytest.mark.parametrize(("target", "name"), [("main:app", "main"), ("a.b.c:create_app()", "a"), ("a2:x.y", "a2")])
def test_a_web_app_is_named_after_its_first_module(tmp_path: Path, target: str, name: str) -> None:
    assert started(tmp_path, target).name == name


def test_every_option_arrives_in_the_spec(tmp_path: Path) -> None:
    made = make_venv(tmp_path / "env")
    (tmp_path / "inner").mkdir()
    options = Options(
        instances="max",
        name="web",
        namespace="shop",
        bind=("0.0.0.0", "unix:shop.sock"),
        cwd="inner",
        interpreter=str(tmp_path / "env"),
        environment="staging",
        autorestart=False,
        engine="granian",
        threads=3,
    )

    spec = started(tmp_path, "main:app", options)

    assert spec.program == PythonApp("main:app", str(made / "bin" / "python"), Engine.GRANIAN, threads=3)
    assert spec.binds == (TcpBind("0.0.0.0", 8000), UnixBind(f"{tmp_path}/inner/shop.sock"))
    assert (spec.instances, spec.name, spec.namespace) == (0, "web", "shop")
    assert (spec.cwd, spec.environment, spec.restart.on) == (f"{tmp_path}/inner", "staging", RestartOn.NEVER)


@pytest.mark.parametrize(("written", "instances"), [("4", 4), ("-1", -1), (0, 0), ("max", 0), (None, 1)])
def test_instances_may_be_text_as_the_command_line_has_it(
    tmp_path: Path, written: int | str | None, instances: int
) -> None:
    assert started(tmp_path, "main:app", Options(instances=written)).instances == instances


@pytest.mark.parametrize(
    ("bind", "port", "address"),
    [
        ((), 9000, TcpBind("127.0.0.1", 9000)),
        (("0.0.0.0",), 9000, TcpBind("0.0.0.0", 9000)),
        (("::1",), 9000, TcpBind("::1", 9000)),
        (("[::1]",), None, TcpBind("::1", 8000)),
        (("localhost",), None, TcpBind("127.0.0.1", 8000)),
        (("9000",), None, TcpBind("127.0.0.1", 9000)),
        ((":9000",), None, TcpBind("0.0.0.0", 9000)),
    ],
)
def test_bind_and_port_make_an_address(
    tmp_path: Path, bind: tuple[str, ...], port: int | None, address: TcpBind
) -> None:
    assert started(tmp_path, "main:app", Options(bind=bind, port=port)).binds == (address,)


def test_the_shell_is_a_layer_of_its_own(tmp_path: Path) -> None:
    spec = started(tmp_path, "main:app", DATABASE_URL="x", APP_ENV="development")

    assert [layer.source for layer in spec.env] == ["base", "shell"]
    assert environment_of(spec)["DATABASE_URL"] == ("x", "shell")
    assert environment_of(spec)["HOME"] == ("/root", "base")
    assert "APP_ENV" not in environment_of(spec)


def test_the_projects_venv_is_found_from_a_folder_in_it(tmp_path: Path) -> None:
    made = make_venv(tmp_path / ".venv")
    write(tmp_path / "pyproject.toml", "")
    (tmp_path / "src").mkdir()

    spec = started(tmp_path / "src", "main:app")

    assert isinstance(spec.program, PythonApp)
    assert spec.program.python == str(made / "bin" / "python")
    assert environment_of(spec)["PATH"][0].startswith(f"{made}/bin:")


def test_a_python_file_is_a_command_whose_output_is_not_held_back(tmp_path: Path) -> None:
    script = write(tmp_path / "jobs" / "worker.py", "")

    spec = started(tmp_path, "jobs/worker.py", Options(args=("--day", "1")))

    assert spec.program == Command((sys.executable, str(script), "--day", "1"))
    assert (spec.name, spec.binds, spec.cwd) == ("worker", (), str(tmp_path))
    assert environment_of(spec)["PYTHONUNBUFFERED"] == ("1", "base")


def test_a_file_may_be_named_from_the_folder_it_runs_in(tmp_path: Path) -> None:
    script = write(tmp_path / "jobs" / "worker.py", "")

    assert started(tmp_path, "worker.py", Options(cwd="jobs")).program == Command((sys.executable, str(script)))


def test_a_script_runs_as_its_ending_says(tmp_path: Path) -> None:
    script = write(tmp_path / "run.sh", "echo\n")

    assert started(tmp_path, "./run.sh").program == Command(
        (shutil.which("sh", path=ENVIRON["PATH"]) or "", str(script))
    )


def test_none_executes_the_file_itself(tmp_path: Path) -> None:
    script = write(tmp_path / "run.py", "#!/bin/sh\n", 0o755)

    assert started(tmp_path, "run.py", Options(interpreter="none")).program == Command((str(script),))


def test_a_word_on_path_is_a_command(tmp_path: Path) -> None:
    spec = started(tmp_path, "sleep", Options(args=("100",)))

    assert (spec.program, spec.name) == (Command((SLEEP, "100")), "sleep")


def test_a_program_is_meant_by_its_name_beside_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "sleep").mkdir()

    assert started(tmp_path, "sleep", Options(args=("1",))).program == Command((SLEEP, "1"))


@pytest.mark.parametrize(
    ("line", "argv", "name"),
    [
        ("sleep 100", (SLEEP, "100"), "sleep"),
        ("sleep $DELAY", ("/bin/sh", "-c", "exec sleep $DELAY"), "sleep"),
        ("A=1 sleep 5", ("/bin/sh", "-c", "exec env A=1 sleep 5"), "sleep"),
        ("sh -c 'a; b'", (shutil.which("sh", path=ENVIRON["PATH"]) or "", "-c", "a; b"), "a_b"),
        ("sleep 1 | cat", ("/bin/sh", "-c", "sleep 1 | cat"), "sleep"),
    ],
)
def test_a_line_is_a_command(tmp_path: Path, line: str, argv: tuple[str, ...], name: str) -> None:
    spec = started(tmp_path, line)

    assert spec.program == Command(argv)
    assert spec.name.replace("__", "_") == name


def test_arguments_go_behind_a_shell_line_quoted(tmp_path: Path) -> None:
    spec = started(tmp_path, "echo $HOME", Options(args=("a b",)))

    assert spec.program == Command(("/bin/sh", "-c", "exec echo $HOME 'a b'"))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("python3 -m http.server 9000", "http.server"),
        ("python3 jobs/worker.py x", "worker"),
        ("/usr/bin/env sleep 1", "sleep"),
    ],
)
def test_a_line_is_named_after_what_it_runs(tmp_path: Path, line: str, name: str) -> None:
    assert started(tmp_path, line).name == name


def test_a_program_is_told_its_port_and_counts_it_up(tmp_path: Path) -> None:
    one = started(tmp_path, "sleep 100", Options(port=3000))
    two = started(tmp_path, "sleep 100", Options(port=3000, instances=2))

    assert (one.binds, environment_of(one)["PORT"]) == ((), ("3000", "env"))
    assert (one.program, two.program) == (Command((SLEEP, "100")), Command((SLEEP, "100"), "PORT"))


def test_a_program_can_be_given_a_socket(tmp_path: Path) -> None:
    assert started(tmp_path, "sleep 100", Options(bind=(":9000",))).binds == (TcpBind("0.0.0.0", 9000),)


@pytest.mark.parametrize("target", [None, "mainstay.toml", ".", "../{name}"])
def test_a_config_file_means_its_apps(tmp_path: Path, target: str | None) -> None:
    write(tmp_path / "mainstay.toml", "[apps.web]\napp = 'a:b'\n[apps.jobs]\ncommand = 'sleep 1'\n")
    target = target and target.format(name=tmp_path.name)

    specs = spec_from_target(target, Options(only=("jobs",)), Ambient(str(tmp_path), ENVIRON))

    assert [(spec.name, spec.source) for spec in specs] == [("jobs", str(tmp_path / "mainstay.toml"))]


def test_the_environment_of_a_config_file_is_chosen(tmp_path: Path) -> None:
    write(tmp_path / "mainstay.toml", "[apps.web]\napp = 'a:b'\nenvironments.qa.env.A = 'x'\n")

    (spec,) = spec_from_target(None, Options(environment="qa"), Ambient(str(tmp_path), ENVIRON))

    assert environment_of(spec)["A"] == ("x", "environments.qa")


def test_only_must_be_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "mainstay.toml", "[apps.web]\napp = 'a:b'\n")

    with pytest.raises(NoSuchName):
        spec_from_target(None, Options(only=("jobs",)), Ambient(str(tmp_path), ENVIRON))


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        (Options(instances=2), "--instances"),
        (Options(name="x"), "--name"),
        (Options(autorestart=False), "--no-autorestart"),
        (Options(args=("x",)), "arguments after --"),
        (Options(bind=(":1",)), "--bind"),
    ],
)
def test_a_file_says_itself_how_its_apps_run(tmp_path: Path, options: Options, flag: str) -> None:
    write(tmp_path / "mainstay.toml", "[apps.web]\napp = 'a:b'\n")

    error = refused(tmp_path, None, options)

    assert (flag in error.message, error.hint) == (True, "write it in the file")


@pytest.mark.parametrize(
    ("target", "cause", "hint"),
    [
        ("main", "there is no such file, program or module:app", "did you mean `main:app`?"),
        ("mian.py", "there is no such file, program or module:app", "did you mean `main:app`?"),
        ("main.py:app", "'main.py:app' names a file, not a module", "write main:app"),
        ("main.py", "as a script it would end at once", "did you mean `mainstay start main:app`?"),
        ("xyzzy", "there is no such file, program or module:app", "here is a web app: `main:app`"),
        ("xyzzy --serve", "no program is called xyzzy", "here is a web app: `main:app`"),
        ("wroker.py", "there is no such file", "did you mean `worker.py`?"),
        ("sleep 'x", "not a command line: no closing quotation", ""),
        ("", "an empty command", ""),
        ("notes", "what runs", "make it executable, or name its --interpreter"),
        ("ecosystem.json", "only TOML files are read", "declare the apps in a mainstay.toml"),
        ("pkg", "has no mainstay.toml", "write one"),
    ],
)
def test_what_cannot_be_started_is_told_with_what_is_nearest(
    tmp_path: Path, target: str, cause: str, hint: str
) -> None:
    write(tmp_path / "main.py", FASTAPI)
    write(tmp_path / "worker.py", "while True: pass\n")
    write(tmp_path / "notes", "x")
    write(tmp_path / "ecosystem.json", "{}")
    (tmp_path / "pkg").mkdir()

    error = refused(tmp_path, target)

    assert cause in error.message
    assert error.hint.startswith(hint)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("target", "options", "cause"),
    [
        ("main:app", Options(args=("x",)), "a web app takes no arguments"),
        ("main:app", Options(interpreter="none"), "a web app needs a Python"),
        ("main:app", Options(interpreter="python99"), "cannot find the interpreter python99"),
        ("main:app", Options(instances="two"), "--instances: must be a whole number or \"max\", not 'two'"),
        ("main:app", Options(port=0), "--port: must be from 1 to 65535"),
        ("main:app", Options(port=1, bind=(":2",)), "--port 1 does not go with --bind :2"),
        ("main:app", Options(bind=("x:1",)), "'x' is not an address"),
        ("main:app", Options(name="web-0"), "--name: web-0 cannot be a name"),
        ("main:app", Options(namespace="all"), "--namespace: `all` cannot be a name"),
        ("main:app", Options(environment="a b"), "--env: 'a b' cannot be the name of an environment"),
        ("main:app", Options(engine="x"), '--engine: must be "uvicorn" or "granian", not \'x\''),
        ("main:app", Options(threads=0), "--threads: must be from 1"),
        ("main:app", Options(cwd="nowhere"), "no such folder"),
        ("main:app", Options(only=("x",)), "--only goes with a config file"),
        ("sleep 1", Options(engine="granian"), "--engine goes with a web app only"),
        ("sleep 1", Options(threads=1), "--threads goes with a web app only"),
        ("sleep 1", Options(interpreter="sh"), "no such file"),
    ],
)
def test_options_that_do_not_fit_are_told(tmp_path: Path, target: str, options: Options, cause: str) -> None:
    error = refused(tmp_path, target, options)

    assert error.message.startswith(f"cannot start {target}: ")
    assert cause in error.message


def test_a_python_that_is_too_old_for_a_web_app_is_told(tmp_path: Path) -> None:
    old_python(tmp_path / "python9")

    error = refused(tmp_path, "main:app", Options(interpreter="./python9"))

    assert "is Python 3.9.18, and apps need 3.11 or newer" in error.message


def test_a_script_may_run_on_an_older_python(tmp_path: Path) -> None:
    python = old_python(tmp_path / "python9")
    script = write(tmp_path / "worker.py", "")

    assert started(tmp_path, "worker.py", Options(interpreter="./python9")).program == Command(
        (str(python), str(script))
    )


def test_a_broken_venv_stops_a_web_app_and_no_other_program(tmp_path: Path) -> None:
    made = make_venv(tmp_path / ".venv")
    (made / "bin" / "python").unlink()

    assert "is broken" in refused(tmp_path, "main:app").message
    assert started(tmp_path, "sleep 1").program == Command((SLEEP, "1"))


def test_what_a_web_app_file_gets_as_a_script_on_purpose_is_left_alone(tmp_path: Path) -> None:
    script = write(tmp_path / "main.py", FASTAPI)

    assert started(tmp_path, "main.py", Options(args=("x",))).program == Command((sys.executable, str(script), "x"))


def test_starting_from_a_line_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """if True:
        import os, sys
        from mainstay.config.adhoc import Ambient, Options, spec_from_target
        spec_from_target("main:app", Options(), Ambient(os.getcwd(), {}))
        heavy = "asyncio subprocess tomllib difflib msgspec logging mainstay.config.guess mainstay.daemon mainstay.cli"
        print([name for name in heavy.split() if name in sys.modules])
    """

    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ, cwd=tmp_path)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_what_watches_and_limits_an_app_can_be_typed(tmp_path: Path) -> None:
    options = Options(max_memory="1GiB", health="/up", nice=2, user=str(os.geteuid()), trusted_proxy="loopback,1")

    spec = started(tmp_path, "shop.main:app", options)

    assert spec.limits == Limits(memory=1024**3, watchdog=60.0)
    assert spec.health == Health(HttpCheck("/up"))
    assert (spec.privileges.nice, spec.privileges.user) == (2, str(os.geteuid()))
    assert spec.trusted_proxy == "loopback, 1"


def test_a_job_can_be_typed(tmp_path: Path) -> None:
    assert started(tmp_path, "sleep 1", Options(schedule="@hourly")).schedule == Schedule("0 * * * *")


@pytest.mark.parametrize(
    ("target", "options", "told"),
    [
        ("a:b", Options(schedule="@daily"), "--schedule does not go with a web app"),
        ("sleep 1", Options(schedule="@daily", bind=(":1",)), "--schedule does not go with --bind"),
        ("sleep 1", Options(schedule="@daily", instances=2), "--schedule does not go with --instances"),
        ("sleep 1", Options(schedule="99 * * * *"), "--schedule: '99 * * * *' is no cron expression: the minute '99'"),
        ("sleep 1", Options(health="/up"), "--health: the app has no address"),
        ("a:b", Options(health="up"), "--health: 'up' does not begin with /"),
        ("a:b", Options(max_memory="much"), "--max-memory: not a size: 'much'"),
        ("a:b", Options(user="nobdy"), "--user: no user is called nobdy"),
        ("a:b", Options(nice=20), "--nice: must be from -20 to 19, not 20"),
        ("a:b", Options(trusted_proxy="*"), "--trusted-proxy: * would let every client say who it is"),
    ],
)
def test_options_that_cannot_be_are_told(tmp_path: Path, target: str, options: Options, told: str) -> None:
    assert refused(tmp_path, target, options).message.startswith(f"cannot start {target}: {told}")
