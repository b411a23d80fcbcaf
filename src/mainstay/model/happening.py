"""What can happen, for people to look up later: the one table of kinds, with how grave each is and what it is called.

`name` stands in events.jsonl, `level` is what `mainstay events --level` chooses by, `words` is what people read.
"""

from enum import Enum


class Level(Enum):
    """How grave it is. In the order of gravity."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Kind(Enum):
    """A kind of event: (name, level, words)."""

    level: Level
    words: str

    def __new__(cls, name: str, level: Level, words: str) -> "Kind":
        """A kind whose value is its name."""
        kind = object.__new__(cls)
        kind._value_ = name
        kind.level = level
        kind.words = words
        return kind

    NOTE = "note", Level.INFO, "note"
    """Whatever has no kind of its own."""

    # an app
    START = "start", Level.INFO, "started"
    START_FAILED = "start_failed", Level.ERROR, "start failed"
    STOP = "stop", Level.INFO, "stopped"
    RESTART = "restart", Level.INFO, "restarted"
    CHANGED = "changed", Level.INFO, "changed"
    SCALED = "scaled", Level.INFO, "scaled"
    DELETED = "deleted", Level.INFO, "deleted"

    # a worker
    SPAWNED = "spawned", Level.INFO, "starting"
    READY = "ready", Level.INFO, "ready"
    ENDED = "ended", Level.INFO, "ended"
    FINISHED = "finished", Level.INFO, "finished"
    CRASH = "crash", Level.ERROR, "crashed"
    BACKING_OFF = "backing_off", Level.WARNING, "waiting"
    ERRORED = "errored", Level.ERROR, "errored"
    RECOVERED = "recovered", Level.INFO, "recovered"
    FORCED = "forced", Level.WARNING, "killed"
    UNHEALTHY = "unhealthy", Level.ERROR, "unhealthy"
    OVER_LIMIT = "over_limit", Level.WARNING, "over limit"

    # a rollout
    ROLLOUT = "rollout", Level.INFO, "rolling out"
    RELOAD = "reload", Level.INFO, "rolled out"
    RELOAD_REFUSED = "reload_refused", Level.ERROR, "refused"
    CANARY = "canary", Level.INFO, "canary holds"
    CANARY_CONTINUED = "canary_continued", Level.INFO, "canary goes on"
    CANARY_ABORTED = "canary_aborted", Level.WARNING, "canary aborted"
    TEMPLATE_COLD = "template_cold", Level.WARNING, "not forked"
    TEMPLATE_ENDED = "template_ended", Level.WARNING, "template ended"

    # a job
    JOB_STARTED = "job_started", Level.INFO, "job started"
    JOB_ENDED = "job_ended", Level.INFO, "job ended"
    JOB_FAILED = "job_failed", Level.ERROR, "job failed"

    # hooks
    HOOK = "hook", Level.INFO, "hook called"
    HOOK_FAILED = "hook_failed", Level.ERROR, "hook failed"

    # the daemon
    DAEMON_STARTED = "daemon_started", Level.INFO, "daemon started"
    DAEMON_ADOPTED = "daemon_adopted", Level.WARNING, "daemon adopted"
    DAEMON_ENDED = "daemon_ended", Level.INFO, "daemon ended"
    REQUEST = "request", Level.INFO, "asked"
    REQUEST_REFUSED = "request_refused", Level.WARNING, "not done"
    OUTPUT = "output", Level.WARNING, "output"
    """Output of apps cannot be written, or can be again, and how much was lost."""
    EVENTS_LOST = "events_lost", Level.ERROR, "events lost"


HOOKED = frozenset(
    (
        *(Kind.START, Kind.STOP, Kind.RELOAD, Kind.RELOAD_REFUSED, Kind.CRASH, Kind.ERRORED, Kind.RECOVERED),
        *(Kind.UNHEALTHY, Kind.OVER_LIMIT, Kind.JOB_FAILED),
    )
)
"""What a hook can be declared for, by name."""


def is_at_least(level: str, least: Level) -> bool:
    """Whether an event of this level is as grave as `least`, or graver; one of a level that nobody knows is shown."""
    order = [known.value for known in Level]
    return level not in order or order.index(level) >= order.index(least.value)
