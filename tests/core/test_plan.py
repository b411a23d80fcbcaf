"""The difference between two specs, and the gentlest way to make it true."""

from dataclasses import fields, replace

import pytest

from mainstay.core.plan import Way, compare, way_of
from mainstay.model.spec import (
    AppSpec,
    Command,
    Dependency,
    Engine,
    EnvLayer,
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
)
from tests.core.specs import JOBS, WEB

CHECKED = Health(HttpCheck("/up"))
PYTHON = PythonApp("shop.main:app", "/usr/bin/python3")

EDITS: dict[str, tuple[object, str]] = {
    "program.target": (replace(PYTHON, target="shop.v2:app"), "target shop.main:app -> shop.v2:app (rolling)"),
    "program.python": (replace(PYTHON, python="/py"), "python /usr/bin/python3 -> /py (rolling)"),
    "program.engine": (replace(PYTHON, engine=Engine.GRANIAN), "engine uvicorn -> granian (rolling)"),
    "program.interface": (replace(PYTHON, interface=Interface.WSGI), "interface auto -> wsgi (rolling)"),
    "program.preload": (replace(PYTHON, preload=False), "preload yes -> no (rolling)"),
    "program.threads": (replace(PYTHON, threads=4), "threads 40 -> 4 (rolling)"),
    "cwd": ("/srv/other", "cwd /srv/shop -> /srv/other (rolling)"),
    "namespace": ("shop", "namespace default -> shop (live)"),
    "instances": (4, "instances 2 -> 4 (live)"),
    "binds": ((TcpBind("127.0.0.1", 8001),), "bind 127.0.0.1:8000 -> 127.0.0.1:8001 (restart)"),
    "trusted_proxy": ("loopback", "trusted_proxy none -> loopback (rolling)"),
    "env": ((EnvLayer("env", {"A": "1"}),), "env +A (rolling)"),
    "environment": ("staging", "environment production -> staging (rolling)"),
    "start_timeout": (5.0, "start_timeout 30 -> 5 (live)"),
    "stop_timeout": (1.5, "stop_timeout 10 -> 1.5 (rolling)"),
    "stop_signal": ("SIGINT", "stop_signal SIGTERM -> SIGINT (live)"),
    "parallel": (2, "parallel 1 -> 2 (live)"),
    "restart.on": (Restart(on=RestartOn.NEVER), "restart.on always -> never (live)"),
    "restart.first": (Restart(first=1.0), "restart.first 0.1 -> 1 (live)"),
    "restart.cap": (Restart(cap=5.0), "restart.cap 60 -> 5 (live)"),
    "restart.exponential": (Restart(exponential=False), "restart.exponential yes -> no (live)"),
    "restart.give_up_after": (Restart(give_up_after=3), "restart.give_up_after never -> 3 (live)"),
    "restart.schedule": (Restart(schedule="0 4 * * *"), "restart.schedule none -> 0 4 * * * (live)"),
    "logs.format": (LogPolicy(LogFormat.JSON), "logs.format raw -> json (live)"),
    "logs.rotate": (LogPolicy(rotate=0), "logs.rotate 20MiB -> never (live)"),
    "logs.keep": (LogPolicy(keep=1), "logs.keep 5 -> 1 (live)"),
    "logs.compress": (LogPolicy(compress=False), "logs.compress yes -> no (live)"),
    "logs.out": (LogPolicy(out="/var/log/out"), "logs.out none -> /var/log/out (rolling)"),
    "logs.err": (LogPolicy(err="/var/log/err"), "logs.err none -> /var/log/err (rolling)"),
    "health": (CHECKED, "health changed (live)"),
    "limits.memory": (Limits(memory=512 * 1024**2), "max_memory never -> 512MiB (live)"),
    "limits.requests": (Limits(requests=9), "max_requests never -> 9 (live)"),
    "limits.lifetime": (Limits(lifetime=60.0), "max_lifetime never -> 60 (live)"),
    "limits.watchdog": (Limits(watchdog=60.0), "watchdog never -> 60 (live)"),
    "privileges.user": (Privileges("www"), "user none -> www (rolling)"),
    "privileges.group": (Privileges(group="www"), "group none -> www (rolling)"),
    "privileges.groups": (Privileges(groups=("adm",)), "groups changed (rolling)"),
    "privileges.umask": (Privileges(umask=0o27), "umask none -> 027 (rolling)"),
    "privileges.nice": (Privileges(nice=5), "nice 0 -> 5 (rolling)"),
    "privileges.rlimits": (Privileges(rlimits=(Rlimit("core", 0, 0),)), "rlimits changed (rolling)"),
    "depends_on": ((Dependency("db"),), "depends_on changed (live)"),
    "before_start": (("/bin/migrate",), "before_start changed (rolling)"),
    "before_start_timeout": (5.0, "before_start_timeout 600 -> 5 (live)"),
    "after_stop": (("/bin/clean",), "after_stop changed (live)"),
    "schedule": (Schedule("0 3 * * *"), "schedule: was no job, becomes a job (restart)"),
    "hooks": ((Hook("crash", url="https://x"),), "hooks changed (live)"),
    "source": ("/srv/mainstay.toml", "source none -> /srv/mainstay.toml"),
}
"""Every field of a spec, and every part of one, edited: what is said of it, and the way it takes."""
PARTED = ("program", "restart", "logs", "limits", "privileges")


def test_every_field_and_every_part_has_an_edit() -> None:
    paths = []
    for f in fields(AppSpec):
        parts = [f"{f.name}.{part.name}" for part in fields(getattr(WEB, f.name))] if f.name in PARTED else [f.name]
        paths += [path for path in parts if path != "name"]  # another name is another app

    assert sorted(EDITS) == sorted(paths)


@pytest.mark.parametrize("path", EDITS)
def test_every_edit_is_seen_and_takes_the_gentlest_way(path: str) -> None:
    value, told = EDITS[path]
    edited = replace(WEB, **{path.partition(".")[0]: value})  # type: ignore[arg-type]  # of the field's type

    assert [str(change) for change in compare(WEB, edited)] == [told]
    assert len(compare(edited, WEB)) == 1


def test_what_a_program_is_told_when_it_starts_depends_on_its_kind() -> None:
    (stop,) = compare(JOBS, replace(JOBS, stop_timeout=1.0))
    (watchdog,) = compare(JOBS, replace(JOBS, limits=Limits(watchdog=5.0)))

    assert (stop.way, watchdog.way) == (Way.LIVE, Way.ROLLING)


def test_a_job_that_stays_one_is_due_at_other_times_at_once() -> None:
    job = replace(JOBS, schedule=Schedule("0 3 * * *"))

    assert [str(c) for c in compare(job, replace(job, schedule=Schedule("0 4 * * *")))] == [
        "schedule 0 3 * * * -> 0 4 * * * (live)"
    ]
    assert [str(c) for c in compare(job, replace(job, schedule=Schedule("0 3 * * *", timeout=9.0)))] == [
        "schedule changed (live)"
    ]


def test_nothing_changes_between_equal_specs() -> None:
    assert compare(WEB, replace(WEB)) == ()
    assert way_of(()) is Way.SILENT


@pytest.mark.parametrize(
    ("changed", "way"),
    [
        (replace(WEB, source="/srv/mainstay.toml"), Way.SILENT),
        (replace(WEB, instances=4), Way.LIVE),
        (replace(WEB, restart=Restart(first=1.0)), Way.LIVE),
        (replace(WEB, cwd="/srv/other"), Way.ROLLING),
        (replace(WEB, environment="development"), Way.ROLLING),
        (replace(WEB, program=PythonApp("shop.other:app", "/usr/bin/python3")), Way.ROLLING),
        (replace(WEB, env=(EnvLayer("env", {"A": "1"}),)), Way.ROLLING),
        (replace(WEB, binds=(TcpBind("127.0.0.1", 8001),)), Way.RESTART),
        (replace(WEB, program=Command(("gunicorn",))), Way.RESTART),
    ],
)
def test_a_change_takes_the_gentlest_way_that_makes_it_true(changed: AppSpec, way: Way) -> None:
    assert way_of(compare(WEB, changed)) is way


def test_of_several_changes_the_hardest_decides_the_way() -> None:
    changes = compare(WEB, replace(WEB, instances=4, cwd="/srv/other"))

    assert [str(change) for change in changes] == ["cwd /srv/shop -> /srv/other (rolling)", "instances 2 -> 4 (live)"]
    assert way_of(changes) is Way.ROLLING


def test_a_variable_is_named_and_its_value_is_never_shown() -> None:
    old = replace(WEB, env=(EnvLayer("env", {"KEPT": "1", "TOKEN": "hunter2", "GONE": "1"}),))
    new = replace(WEB, env=(EnvLayer("env", {"KEPT": "1", "TOKEN": "hunter3", "NEW": "1"}),))
    (change,) = compare(old, new)

    assert change.text == "env +NEW -GONE ~TOKEN"


def test_the_same_variables_from_another_layer_are_no_change() -> None:
    old = replace(WEB, env=(EnvLayer("env", {"A": "1"}),))

    assert compare(old, replace(WEB, env=(EnvLayer("file .env", {"A": "1"}),))) == ()


def test_another_command_line_is_rolled_out() -> None:
    (change,) = compare(JOBS, replace(JOBS, program=Command(("sleep", "10"))))

    assert str(change) == "command changed (rolling)"


def test_addresses_are_shown_as_people_write_them() -> None:
    (change,) = compare(WEB, replace(WEB, binds=()))

    assert str(change) == "bind 127.0.0.1:8000 -> none (restart)"
