"""The results of the daemon's verbs, as types for the type checker. Plain dicts when running; cost nothing there.

Import it under TYPE_CHECKING: `mainstay list` must not pay for `typing`. Times are epoch seconds, durations seconds.
"""

from typing import Literal, TypedDict


class Ran(TypedDict):
    """What came of a run of a job: when it began, how long it took."""

    began: float
    seconds: float
    result: str
    ok: bool
    lines: list[str]


class Planned(TypedDict):
    """When a job is due, None when it is off its schedule; and what its last run came to."""

    next: float | None
    last: Ran | None


class Row(TypedDict):
    """A slot, as `list` shows it. `uptime` counts from ready, `cpu` is percent of one core, `memory` bytes (PSS).

    A slot whose worker is being replaced has two rows, of two generations.
    """

    id: int
    app: str
    slot: str
    index: int
    namespace: str
    mode: str
    pid: int | None
    uptime: float | None
    restarts: int
    status: str
    next_try: float | None
    marks: list[str]
    cpu: float | None
    memory: int | None
    generation: int
    rollout: str
    schedule: Planned | None


class Listing(TypedDict):
    """`list`."""

    rows: list[Row]


class Outcome(TypedDict):
    """What came of one app. `changes` are for people: `instances 2 -> 4 (live)`; a failure's cause is the `message`.

    `code` is the exit code of the worker that made a start fail, 128 + N for signal N.
    """

    app: str
    outcome: Literal[
        "started",
        "unchanged",
        "changed",
        "reloaded",
        "restarted",
        "stopped",
        "deleted",
        "scaled",
        "canary",
        "aborted",
        "signalled",
        "reset",
        "scheduled",
        "ran",
        "failed",
    ]
    changes: list[str]
    message: str
    code: int | None


class Survivor(TypedDict):
    """A process that did not end."""

    pid: int
    name: str


class Touched(TypedDict):
    """Every verb that changes something: what came of each app, what would not stop, and what else is not well."""

    apps: list[Outcome]
    survivors: list[Survivor]
    warnings: list[str]


class Dropped(TypedDict):
    """Lines that could not be kept."""

    out: int
    err: int


class SlotLogs(TypedDict):
    """Where a slot's output goes."""

    out: str
    err: str
    dropped: Dropped


class Exit(TypedDict):
    """How a worker ended."""

    time: float
    pid: int | None
    generation: int
    reason: str
    code: int | None
    signal: str | None
    asked: bool
    uptime: float | None
    lines: list[str]


class SlotDetail(Row):
    """A slot, as `describe` shows it; `ready_time` is from start to ready."""

    ready_time: float | None
    logs: SlotLogs
    exits: list[Exit]


class Template(TypedDict):
    """The process that workers are forked from; `reason` says why there is none."""

    pid: int | None
    state: str
    reason: str


class Rollout(TypedDict):
    """A reload that is going on; `share` is the percentage of new connections on the new generation."""

    generation: int
    state: str
    share: int | None
    done: int
    of: int


class Job(TypedDict):
    """A job, as `describe` shows it; `skipped` counts the runs that were not begun since another one went on."""

    next: float | None
    queued: bool
    skipped: int
    runs: list[Ran]


class AppDetail(TypedDict):
    """An app, as `describe` shows it; `spec` is the codec's dump with secrets masked."""

    app: str
    namespace: str
    status: str
    mode: str
    generation: int
    spec: dict[str, object]
    binds: list[str]
    listening: bool
    engine: str | None
    template: Template | None
    rollout: Rollout | None
    job: Job | None
    differences: list[str]
    slots: list[SlotDetail]


class Details(TypedDict):
    """`describe`."""

    apps: list[AppDetail]


class Variable(TypedDict):
    """One variable of an app's environment and the layer it came from."""

    name: str
    value: str
    source: str
    secret: bool


class Environment(TypedDict):
    """`env`."""

    app: str
    slot: str
    variables: list[Variable]


class StreamPlace(TypedDict):
    """Where one stream of one slot is written."""

    app: str
    slot: str
    index: int
    stream: str
    path: str


class Streams(TypedDict):
    """`streams`."""

    streams: list[StreamPlace]


class PlanStep(TypedDict):
    """What applying specs would do to one app. `way` is empty where nothing that runs is touched.

    `in_the_way`: an app to remove holds an address that the specs give to another.
    """

    app: str
    action: Literal["add", "start", "change", "unchanged", "remove"]
    way: Literal["", "live", "rolling", "restart"]
    changes: list[str]
    in_the_way: bool


class Plan(TypedDict):
    """`plan`."""

    apps: list[PlanStep]


class Pong(TypedDict):
    """`ping`."""

    pid: int
    version: str
    uptime: float
