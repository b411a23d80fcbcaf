"""One app as the daemon sees it: specs, slots, templates, rollout, waiting requests. Data and views of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from mainstay.core.effects import Outcome, Refusal
from mainstay.core.events import Cause, Request, Stage, Token
from mainstay.core.policy import share_of
from mainstay.core.slot import Alive, Running, Slot, Stopped, Worker, at_rest, deadline_of, worker_of
from mainstay.model.exits import Ending, Exited
from mainstay.model.ids import WorkerId
from mainstay.model.spec import AppSpec, Engine, Interface, PythonApp

SETTLE = 1.0
"""Seconds the first worker of a new generation must live after it is ready, before it may replace anything."""


class TemplateState(Enum):
    """What has become of a template."""

    LOADING = "loading"
    WARM = "ready"
    COLD = "cold"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Template:
    """The process that imported a generation's code. `reason` says why it is cold or gone.

    `deadline`: when it must have been loaded; once it is, until when its death is one of a row.
    `again`: it took the place of one that died, and is not replaced at once if it dies, too.
    """

    state: TemplateState
    deadline: float = 0.0
    pid: int = 0
    interface: Interface = Interface.AUTO
    reason: str = ""
    again: bool = False


class Style(Enum):
    """How a rollout replaces workers."""

    OVERLAP = "overlap"
    """The new one is up before the old one is asked to go: apps that share their listeners with us."""
    ONE_BY_ONE = "one by one"
    """A slot's old worker goes before its new one comes: programs that bind by themselves."""
    ALL_AT_ONCE = "all at once"
    """Everything stops, then everything starts."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """The replacing of an app's workers by those of `generation`. `back`: it failed, and what it did is undone."""

    generation: int
    style: Style
    pending: tuple[int, ...]
    fresh: dict[int, Slot] = field(default_factory=dict)
    accepted: tuple[int, ...] = ()
    canary: int = 0
    holding: bool = False
    rebind: bool = False
    back: bool = False
    reason: Refusal | None = None
    past: dict[int, Slot] = field(default_factory=dict)
    """What was in the slots before, for their history."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the app that runs. `over`: why it is being ended by us; empty while it is not."""

    stage: Stage
    generation: int
    deadline: float
    over: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a job that is under way. `tokens`: who waits for its end; `over`: why it is being ended by us."""

    began: float
    deadline: float | None = None
    tokens: tuple[Token, ...] = ()
    over: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run. `wall`: when it ended, in epoch seconds; `over`: why it was ended by us."""

    wall: float
    seconds: float
    ending: Ending
    over: str = ""
    lines: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether it did what it was for."""
        return not self.over and self.ending == Exited(0)

    @property
    def result(self) -> str:
        """How it ended, for people."""
        return self.over or str(self.ending)


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of a job. `queued`: who waits for the run that follows this one; None: there is none."""

    on: bool = True
    """Whether it is on its schedule."""
    run: Run | None = None
    queued: tuple[Token, ...] | None = None
    runs: tuple[Ran, ...] = ()
    skipped: int = 0
    seen: float = 0.0
    """Until when nothing that was due has been missed, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Unfitness:
    """A worker that serves and is to be replaced. `tries` were in vain; the next one is not before `at`."""

    worker: WorkerId
    cause: Cause
    reason: str
    at: float
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Refresh:
    """The replacing of one worker by another of its generation: `fresh`, or none while the old one has to end first."""

    worker: WorkerId
    reason: str
    fresh: Slot | None = None


class Goal(Enum):
    """What a request waits for."""

    STARTED = "started"
    STOPPED = "stopped"
    ROLLED_OUT = "rolled out"
    DELETED = "deleted"


class Undo(Enum):
    """What is taken back when a start fails."""

    NOTHING = "nothing"
    STOP = "stop"
    DELETE = "delete"
    UNSCALE = "unscale"


@dataclass(frozen=True, slots=True)
class Wait:
    """A request that is answered when its goal is reached for these slots."""

    token: Token
    goal: Goal
    slots: frozenset[int]
    outcome: Outcome | Refusal
    undo: Undo = Undo.NOTHING
    before: AppSpec | None = None
    """What was declared before, where a failure brings that back."""
    closes: bool = False
    """Whether `after_stop` is run when the goal is reached."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything the core knows of one app. `slots` serve (or should); `leaving` are on their way out."""

    name: str
    generation: int
    last_generation: int
    specs: dict[int, AppSpec]
    slots: dict[int, Slot] = field(default_factory=dict)
    leaving: tuple[Slot, ...] = ()
    rollout: Rollout | None = None
    templates: dict[int, Template] = field(default_factory=dict)
    held: tuple[WorkerId, ...] = ()
    """Workers asked for whose template is still loading."""
    numbers: dict[int, int] = field(default_factory=dict)
    """The number that `list` shows for each slot."""
    interface: Interface = Interface.AUTO
    """How the app is called, as the last template found out."""
    serial: int = 0
    listening: bool = False
    opening: bool = False
    addresses: tuple[str, ...] = ()
    width: int = 0
    """How many listeners there are."""
    asked: int = 0
    """How many listeners there will be once those that are being opened are bound."""
    waits: tuple[Wait, ...] = ()
    queue: tuple[Request, ...] = ()
    accepting: frozenset[WorkerId] = frozenset()
    steered: dict[int, int] = field(default_factory=dict)
    tended: frozenset[int] = frozenset()
    receivers: tuple[WorkerId, ...] = ()
    deleted: bool = False
    revive: frozenset[int] = frozenset()
    """The slots that were up when everything was shut down, and are to be again."""
    step: Step | None = None
    job: Job | None = None
    armed: tuple[str, ...] = ()
    """The schedule that counts: the expression and its time zone."""
    unfit: tuple[Unfitness, ...] = ()
    """What is to be refreshed, in this order; one worker may be named for several causes."""
    refresh: Refresh | None = None

    @property
    def spec(self) -> AppSpec:
        """What is declared for the generation that serves."""
        return self.specs[self.generation]


def is_python(spec: AppSpec) -> bool:
    """Whether our runtime serves it."""
    return isinstance(spec.program, PythonApp)


def takes_connections(spec: AppSpec) -> bool:
    """Whether its workers can be handed a connection that was accepted elsewhere."""
    return isinstance(spec.program, PythonApp) and spec.program.engine is Engine.UVICORN


def listener_of(slot: Slot) -> int:
    """The index, among the app's listeners, of the one that this slot's workers take."""
    return 2 * slot.id.index + slot.side


def every_slot(app: App) -> Iterator[Slot]:
    """All slots of all generations."""
    yield from app.slots.values()
    if app.rollout:
        yield from app.rollout.fresh.values()
    if app.refresh and app.refresh.fresh:
        yield app.refresh.fresh
    yield from app.leaving


def is_same(one: Slot, other: Slot) -> bool:
    """Whether both are the same place: a slot that is refreshed is there twice, once on each of its sides."""
    return (one.id, one.generation, one.side) == (other.id, other.generation, other.side)


def slot_of(app: App, worker: WorkerId) -> Slot | None:
    """The slot in which this worker is."""
    for slot in every_slot(app):
        found = worker_of(slot)
        if found and found.id == worker:
            return slot
    return None


def indexes(app: App) -> frozenset[int]:
    """The numbers of all slots that the app has, or is about to have again."""
    return frozenset(slot.id.index for slot in every_slot(app)) | frozenset(app.rollout.pending if app.rollout else ())


def workers(app: App) -> list[Worker]:
    """Every process of the app that is known or asked for."""
    return [worker for slot in every_slot(app) if (worker := worker_of(slot))]


def has_come_to_rest(app: App) -> bool:
    """Whether no worker of the app runs and none will by itself."""
    return all(isinstance(slot.life, Stopped) for slot in app.slots.values()) and not app.leaving and not app.rollout


def is_down(app: App) -> bool:
    """Whether nothing of the app runs and nothing will by itself."""
    return has_come_to_rest(app) and app.step is None


def schedule_of(app: App) -> tuple[str, ...]:
    """The schedule that is to count, and its time zone: of a job, or of the reloads of what is up."""
    if app.deleted:
        return ()
    if app.spec.schedule and app.job:
        return (app.spec.schedule.cron, app.spec.schedule.timezone) if app.job.on else ()
    return (app.spec.restart.schedule, "") if app.spec.restart.schedule and not is_down(app) else ()


def is_preparing(app: App) -> bool:
    """Whether what goes before a generation's first process is under way."""
    return app.step is not None and app.step.stage is Stage.BEFORE_START


def is_busy(app: App) -> bool:
    """Whether an operation is under way that the next one must wait for."""
    ending = app.step is not None and bool(app.step.over)
    return app.rollout is not None or bool(app.waits) or app.opening or ending


def is_holding(app: App) -> bool:
    """Whether a canary waits for someone's decision."""
    return app.rollout is not None and app.rollout.holding


def has_processes(app: App) -> bool:
    """Whether any slot still has, or waits for, a process."""
    return any(not at_rest(slot) for slot in every_slot(app))


def serving(app: App) -> dict[WorkerId, int]:
    """The workers that take new connections -> the index of their listener."""
    ready = {s.life.worker.id: listener_of(s) for s in app.slots.values() if isinstance(s.life, Running)}
    if app.rollout and app.rollout.holding:
        for slot in app.rollout.fresh.values():
            if isinstance(slot.life, Running):
                ready[slot.life.worker.id] = listener_of(slot)
    return ready


def steering(app: App) -> dict[int, int]:
    """Which listeners new connections go to, by weight. Where no worker serves, they wait where one will come first."""
    running = [slot for slot in app.slots.values() if isinstance(slot.life, Running)]
    held = app.rollout.fresh.values() if app.rollout and app.rollout.holding else ()
    canaries = [slot for slot in held if isinstance(slot.life, Running)]
    if app.rollout and canaries and running:
        share = app.rollout.canary
        weights = {listener_of(slot): (100 - share) * len(canaries) for slot in running}
        return weights | {listener_of(slot): share * len(running) for slot in canaries}
    chosen = running or canaries or [slot for slot in app.slots.values() if slot.up]
    alive = [slot for slot in chosen if isinstance(slot.life, Alive)]
    return {listener_of(slot): 1 for slot in alive or chosen}


def is_unhealthy(app: App, slot: Slot) -> bool:
    """Whether the worker in a slot serves, and its health check says that it should not."""
    worker = worker_of(slot)
    return any(worker and worker.id == one.worker and one.cause is Cause.HEALTH for one in app.unfit)


def is_healthy(app: App) -> bool:
    """Whether all that is wanted up is ready (which means that its first check was passed), and still well."""
    wanted = [slot for slot in app.slots.values() if slot.up]
    return bool(wanted) and all(isinstance(s.life, Running) and not is_unhealthy(app, s) for s in wanted)


def is_gated(rollout: Rollout) -> bool:
    """Whether the first new worker has still to show that it holds."""
    return not rollout.accepted and not rollout.back


def old_at(app: App, slot: Slot) -> float | None:
    """When the worker in a slot will have lived for as long as it may; earlier by a share that is its own."""
    limit = 0.0 if app.job else app.specs[slot.generation].limits.lifetime
    if not limit or not slot.up or not isinstance(slot.life, Running):
        return None
    worker = slot.life.worker.id
    if any(one.worker == worker and one.cause is Cause.AGE for one in app.unfit):
        return None
    return slot.life.since + limit * share_of(worker)


def refreshable(app: App) -> list[Unfitness]:
    """What could be refreshed now, if it is time: one slot of an app at a time, and not while anything else goes on."""
    if not app.unfit or app.refresh or is_busy(app) or app.queue:
        return []
    leaving = {slot.id for slot in app.leaving}
    serve = {worker.id for slot in app.slots.values() if slot.up and (worker := worker_of(slot))}
    return [one for one in app.unfit if one.worker in serve and one.worker.slot not in leaving]


def next_deadline(app: App) -> float | None:
    """The nearest instant at which something of this app must be looked at again."""
    times = [at for slot in every_slot(app) if (at := deadline_of(slot)) is not None]
    times += [t.deadline for t in app.templates.values() if t.state is TemplateState.LOADING]
    times += [app.step.deadline] if app.step and not app.step.over else []
    if app.job and app.job.run and app.job.run.deadline is not None and not app.job.run.over:
        times.append(app.job.run.deadline)
    if app.rollout and is_gated(app.rollout) and not app.rollout.holding:
        lives = [slot.life for slot in app.rollout.fresh.values()]
        times += [life.since + SETTLE for life in lives if isinstance(life, Running)]
    times += [at for slot in app.slots.values() if (at := old_at(app, slot)) is not None]
    times += [one.at for one in refreshable(app)]
    return min(times, default=None)
