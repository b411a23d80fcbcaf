from dataclasses import replace

from mainstay.cli.declared import declared
from mainstay.model.codec import dump
from mainstay.model.spec import (
    AppSpec,
    Command,
    CommandCheck,
    Condition,
    Dependency,
    Health,
    HealthCheck,
    Hook,
    HttpCheck,
    Limits,
    Overlap,
    Privileges,
    Restart,
    Rlimit,
    Schedule,
    TcpCheck,
)

PLAIN = AppSpec("jobs", Command(("/bin/sleep", "9 s")), "/srv")


def told(spec: AppSpec) -> dict[str, str]:
    """What is said, without what has nothing to say."""
    dumped = dump(spec)
    assert isinstance(dumped, dict)
    return {name: value for name, value in declared(dumped) if value}


def test_an_app_that_declares_nothing_has_few_lines() -> None:
    assert told(PLAIN) == {
        "command": "/bin/sleep '9 s'",
        "cwd": "/srv",
        "instances": "1",
        "environment": "production",
        "start timeout": "30 s",
        "stop timeout": "10 s",
        "stop signal": "SIGTERM",
        "parallel": "1",
        "restart": "always, waiting 0.1 s, at most 60 s, never given up",
        "logs": "raw, rotated at 20 MiB, 5 kept, compressed",
    }


def test_limits_and_privileges_are_told_as_they_are_written() -> None:
    limits = Limits(512 * 1024**2, 1000, 86400.0, 60.0)
    rlimits = (Rlimit("core", 0, -1), Rlimit("nofile", 9, 9))
    found = told(replace(PLAIN, limits=limits, privileges=Privileges("www", "www", ("adm",), 0o27, 5, rlimits)))

    assert [found[f"max {name}"] for name in ("memory", "requests", "lifetime")] == ["512 MiB", "1000", "1d"]
    assert (found["watchdog"], found["umask"], found["nice"]) == ("60 s", "027", "5")
    assert (found["user"], found["group"], found["groups"]) == ("www", "www", "adm")
    assert found["rlimits"] == "core 0 (hard unlimited), nofile 9"


def test_a_program_that_says_when_it_is_ready_is_told_from_others() -> None:
    assert told(replace(PLAIN, program=Command(("/bin/x",), notify=True)))["notify"] == "yes"
    assert "notify" not in told(PLAIN)


def test_order_is_told() -> None:
    spec = replace(
        PLAIN,
        depends_on=(Dependency("db", Condition.HEALTHY), Dependency("cache")),
        before_start=("/bin/migrate", "up"),
        after_stop=("/bin/clean",),
        restart=Restart(schedule="0 4 * * *"),
    )
    found = told(spec)

    assert found["depends on"] == "db (healthy), cache"
    assert found["before start"] == "/bin/migrate up, at most 10m"
    assert found["after stop"] == "/bin/clean"
    assert found["restart"].endswith(", reloaded at 0 4 * * *")


def test_a_check_is_told_in_a_line() -> None:
    def health(check: HealthCheck) -> str:
        return told(replace(PLAIN, health=Health(check)))["health"]

    assert health(HttpCheck("/up")) == "GET /up every 10 s, at most 2 s, 3 failures"
    assert health(TcpCheck()).startswith("connects to where it listens every")
    assert health(TcpCheck("127.0.0.1:1")).startswith("connects to 127.0.0.1:1 every")
    assert health(CommandCheck(("/bin/check", "a b"))).startswith("/bin/check 'a b' every")


def test_a_job_says_when_it_is_due() -> None:
    assert told(replace(PLAIN, schedule=Schedule("0 3 * * *")))["schedule"] == "0 3 * * *, overlap: skip"
    job = replace(PLAIN, schedule=Schedule("0 3 * * *", "UTC", Overlap.QUEUE, 60.0))
    assert told(job)["schedule"] == "0 3 * * * in UTC, overlap: queue, at most 60 s"


def test_hooks_are_named_and_what_they_call_is_not() -> None:
    assert told(replace(PLAIN, hooks=(Hook("crash", url="https://x/secret"), Hook("stop"))))["hooks"] == (
        "on_crash, on_stop"
    )
