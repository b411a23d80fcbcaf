from mainstay.config import parts
from mainstay.config.key import Values
from mainstay.model.spec import (
    CommandCheck,
    Health,
    HttpCheck,
    Limits,
    Overlap,
    Privileges,
    Restart,
    RestartOn,
    Schedule,
    TcpCheck,
)

NOTHING = Values({})


def test_what_was_not_declared_is_as_the_model_has_it() -> None:
    assert parts.restart_of(NOTHING) == Restart()
    assert parts.health_of(NOTHING, ()) is None
    assert parts.limits_of(NOTHING) == Limits()
    assert parts.privileges_of(NOTHING) == Privileges()
    assert parts.schedule_of(NOTHING) is None
    assert parts.hooks_of(NOTHING, {}) == ()


def test_each_kind_of_check_has_its_type() -> None:
    assert parts.health_of(Values({"health.path": "/x"}), ()) == Health(HttpCheck("/x"))
    assert parts.health_of(Values({"health.tcp": "", "health.failures": 5}), ()) == Health(TcpCheck(), failures=5)
    checked = parts.health_of(Values({"health.command": ("a",), "health.interval": 1.0}), ("/bin/a",))
    assert checked == Health(CommandCheck(("/bin/a",)), interval=1.0)


def test_a_web_app_is_watched_unless_it_says_never() -> None:
    assert parts.limits_of(Values({"app": "a:b"})) == Limits(watchdog=60.0)
    assert parts.limits_of(Values({"app": "a:b", "watchdog": 0.0})) == Limits()
    assert parts.limits_of(Values({"command": ("a",), "watchdog": 5.0})) == Limits(watchdog=5.0)


def test_limits_and_restarts_are_taken_over() -> None:
    declared = Values({"max_memory": 1, "max_requests": 2, "max_lifetime": 3.0})

    assert parts.limits_of(declared) == Limits(1, 2, 3.0)
    assert parts.restart_of(Values({"restart.on": RestartOn.NEVER, "restart.schedule": "0 4 * * *"})) == Restart(
        RestartOn.NEVER, schedule="0 4 * * *"
    )


def test_a_schedule_makes_a_job() -> None:
    declared = Values({"schedule.cron": "0 3 * * *", "schedule.overlap": Overlap.QUEUE, "schedule.timeout": 60.0})

    assert parts.schedule_of(declared) == Schedule("0 3 * * *", "", Overlap.QUEUE, 60.0)
