"""The parts of a spec that several keys make together: restarts, health, limits, privileges, a schedule."""

from mainstay.config import schema
from mainstay.config.hooks import Hooks, together
from mainstay.config.key import Values
from mainstay.model.spec import (
    CommandCheck,
    Health,
    HealthCheck,
    Hook,
    HttpCheck,
    Limits,
    Privileges,
    Restart,
    Schedule,
    TcpCheck,
)

WATCHDOG = 60.0
"""Seconds for which the event loop of a web app may stand still, where the file does not say."""


def restart_of(values: Values) -> Restart:
    """When it is started again."""
    return Restart(
        on=values[schema.RESTART_ON],
        first=values[schema.RESTART_FIRST],
        cap=values[schema.RESTART_CAP],
        exponential=values[schema.RESTART_BACKOFF],
        give_up_after=values[schema.RESTART_GIVE_UP],
        schedule=values[schema.RESTART_SCHEDULE],
    )


def health_of(values: Values, argv: tuple[str, ...]) -> Health | None:
    """How it is seen whether it is well; None when nobody looks. `argv`: `health.command` with its program found."""
    check: HealthCheck
    if schema.HEALTH_PATH in values:
        check = HttpCheck(values[schema.HEALTH_PATH])
    elif schema.HEALTH_TCP in values:
        check = TcpCheck(values[schema.HEALTH_TCP])
    elif schema.HEALTH_COMMAND in values:
        check = CommandCheck(argv)
    else:
        return None
    interval, timeout = values[schema.HEALTH_INTERVAL], values[schema.HEALTH_TIMEOUT]
    return Health(check, interval, timeout, values[schema.HEALTH_FAILURES])


def limits_of(values: Values) -> Limits:
    """When a worker is replaced though nothing is wrong with it yet."""
    watchdog = values[schema.WATCHDOG]
    if schema.WATCHDOG not in values and schema.APP in values:
        watchdog = WATCHDOG
    return Limits(values[schema.MAX_MEMORY], values[schema.MAX_REQUESTS], values[schema.MAX_LIFETIME], watchdog)


def privileges_of(values: Values) -> Privileges:
    """As whom, and with what, its processes run."""
    return Privileges(
        user=values[schema.USER],
        group=values[schema.GROUP],
        groups=values[schema.GROUPS],
        umask=values[schema.UMASK],
        nice=values[schema.NICE],
        rlimits=values[schema.RLIMITS],
    )


def schedule_of(values: Values) -> Schedule | None:
    """When it runs, if it is a job."""
    if schema.SCHEDULE_CRON not in values:
        return None
    return Schedule(
        cron=values[schema.SCHEDULE_CRON],
        timezone=values[schema.SCHEDULE_TIMEZONE],
        overlap=values[schema.SCHEDULE_OVERLAP],
        timeout=values[schema.SCHEDULE_TIMEOUT],
    )


def hooks_of(values: Values, of_file: Hooks) -> tuple[Hook, ...]:
    """What is run or called when something happens: its own, and those of the file."""
    own: Hooks = values[schema.HOOKS]
    return together(of_file, own)
