"""The life of one slot in one generation: events in, effects out, nothing else.

What is wanted (`want`) and what is (`life`) are two fields. Every life that is not at rest has a deadline or waits
for a process that exists, so a slot never hangs.

    Stopped --Up--> Starting --BecameReady--> Running --Down/Again--> Stopping --deadline--> Killing
    Starting/Running --Ended--> Backoff --deadline--> Starting, or Finished, or Failed
    Stopping/Killing --Ended--> Stopped, or Starting when it is wanted up
"""

from dataclasses import dataclass, replace

from mainstay.core.events import BecameReady, Ended, Extend, NotYet, Spawned, Stuck, Tick
from mainstay.core.policy import STABLE_AFTER, gave_up, should_restart, wait_before
from mainstay.model.exits import Ending, Unstarted
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec

EXITS_KEPT = 10


@dataclass(frozen=True, slots=True)
class Worker:
    """The process in a slot. `pid` is 0 until it is known; `started` is when it was asked for.

    `born` is when its process came to be, in clock ticks since boot, 0 when that is not known.
    """

    id: WorkerId
    started: float
    pid: int = 0
    born: int = 0


@dataclass(frozen=True, slots=True)
class Stopped:
    """At rest, with no process."""


@dataclass(frozen=True, slots=True)
class Starting:
    """Asked for, and not ready yet."""

    worker: Worker
    deadline: float


@dataclass(frozen=True, slots=True)
class Running:
    """Able to serve since `since`."""

    worker: Worker
    since: float


@dataclass(frozen=True, slots=True)
class Stopping:
    """Asked to end, with time to finish. `fault` says what it did wrong; empty when someone asked for its end."""

    worker: Worker
    deadline: float
    fault: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Killing:
    """Its time was over; SIGKILL is on its way."""

    worker: Worker
    fault: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Ended by itself; the next try is at `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class Finished:
    """Ended by itself, and the policy leaves it so."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Failed:
    """The limit of tries is reached."""

    ending: Ending


Life = Stopped | Starting | Running | Stopping | Killing | Backoff | Finished | Failed
Alive = Starting | Running | Stopping | Killing


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker ended. `wall` in epoch seconds, `uptime` in seconds since it was ready (0 when it never was)."""

    worker: WorkerId
    pid: int
    ending: Ending
    asked: bool
    wall: float
    uptime: float
    lines: tuple[str, ...]
    why: str = ""
    """Why it was replaced, when nobody asked for that."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot in one generation. `side` says which of the slot's two listeners its workers take."""

    id: SlotId
    generation: int
    side: int = 0
    up: bool = False
    life: Life = Stopped()
    serial: int = 0
    tries: int = 0
    restarts: int = 0
    ready_after: float = 0.0
    """Seconds from the last start to ready."""
    exits: tuple[Exit, ...] = ()
    why: str = ""
    """Of a worker that starts: why it is not ready. Of one that is to go: why it is replaced."""
    replaced: int = 0
    """How many workers in a row were replaced for a fault soon after they had come."""


@dataclass(frozen=True, slots=True)
class Up:
    """It is wanted up."""


@dataclass(frozen=True, slots=True)
class Down:
    """It is wanted down."""


@dataclass(frozen=True, slots=True)
class Again:
    """End what runs, then start anew."""


@dataclass(frozen=True, slots=True)
class Renew:
    """End what serves, for this reason, then start anew."""

    why: str


@dataclass(frozen=True, slots=True)
class Spawn:
    """Effect: a process for this worker is needed."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class AskToEnd:
    """Effect: the stop signal to this worker."""

    worker: WorkerId


@dataclass(frozen=True, slots=True)
class ForceEnd:
    """Effect: SIGKILL to this worker's tree."""

    worker: WorkerId


SlotEvent = Up | Down | Again | Renew | Spawned | BecameReady | Ended | NotYet | Stuck | Extend | Tick
SlotEffect = Spawn | AskToEnd | ForceEnd
Step = tuple[Slot, tuple[SlotEffect, ...]]


def worker_of(slot: Slot) -> Worker | None:
    """The process in the slot, if there is one or one has been asked for."""
    return slot.life.worker if isinstance(slot.life, Alive) else None


def deadline_of(slot: Slot) -> float | None:
    """When the slot must be looked at again, if nothing happens before."""
    match slot.life:
        case Stopping(worker=Worker(pid=0)):
            return None  # it is asked to end, and its time runs, once its process exists
        case Starting(deadline=at) | Stopping(deadline=at) | Backoff(until=at):
            return at
        case Running(since=since) if slot.tries > 1:
            return since + STABLE_AFTER  # the row of ends is over then
        case Stopped() | Running() | Killing() | Finished() | Failed():
            return None
        case _:
            assert_never(slot.life)


def at_rest(slot: Slot) -> bool:
    """Whether no process is in the slot and none will come by itself."""
    return isinstance(slot.life, Stopped | Finished | Failed)


def step(slot: Slot, event: SlotEvent, now: float, spec: AppSpec) -> Step:
    """What becomes of the slot, and what must be done for it."""
    match event:
        case Up():
            return _up(replace(slot, up=True), now, spec)
        case Down():
            return _down(replace(slot, up=False), now, spec)
        case Again():
            return _again(replace(slot, up=True, tries=0), now, spec)
        case Renew(why=why):
            return _renew(replace(slot, why=why), now, spec)
        case Spawned():
            return _spawned(slot, event, now, spec)
        case BecameReady():
            return _ready(slot, event, now)
        case Ended():
            return _ended(slot, event, now, spec)
        case NotYet(worker=worker, reason=reason):
            waits = isinstance(slot.life, Starting) and slot.life.worker.id == worker
            return (replace(slot, why=reason) if waits else slot), ()
        case Stuck():
            return _stuck(slot, event, now)
        case Extend():
            return _extend(slot, event, now), ()
        case Tick():
            return _tick(slot, now, spec)
        case _:
            assert_never(event)


def _start(slot: Slot, now: float, spec: AppSpec) -> Step:
    worker = Worker(WorkerId(slot.id, slot.generation, slot.serial + 1), now)
    started = replace(slot, serial=slot.serial + 1, life=Starting(worker, now + spec.start_timeout), why="")
    return started, (Spawn(worker.id),)


def _end(slot: Slot, now: float, spec: AppSpec, fault: str = "") -> Step:
    assert isinstance(slot.life, Starting | Running)
    since = slot.life.since if isinstance(slot.life, Running) else 0.0
    worker = slot.life.worker
    why = slot.why if since else ""
    ending = replace(slot, why=why, life=Stopping(worker, now + spec.stop_timeout, fault, since))
    return ending, (AskToEnd(worker.id),) if worker.pid else ()


def _up(slot: Slot, now: float, spec: AppSpec) -> Step:
    if isinstance(slot.life, Stopped | Finished | Failed | Backoff):
        return _start(replace(slot, tries=0), now, spec)
    return slot, ()


def _down(slot: Slot, now: float, spec: AppSpec) -> Step:
    match slot.life:
        case Starting() | Running():
            return _end(slot, now, spec)
        case Backoff() | Finished() | Failed():
            return replace(slot, life=Stopped()), ()
        case Stopped() | Stopping() | Killing():
            return slot, ()
        case _:
            assert_never(slot.life)


def _again(slot: Slot, now: float, spec: AppSpec) -> Step:
    if isinstance(slot.life, Starting | Running):
        return _end(replace(slot, restarts=slot.restarts + 1), now, spec)
    return _up(slot, now, spec)


def _renew(slot: Slot, now: float, spec: AppSpec) -> Step:
    if isinstance(slot.life, Running):
        return _end(replace(slot, restarts=slot.restarts + 1), now, spec)
    return slot, ()


def _extend(slot: Slot, event: Extend, now: float) -> Slot:
    life = slot.life
    if not isinstance(life, Starting | Stopping) or life.worker.id != event.worker:
        return slot
    return replace(slot, life=replace(life, deadline=max(life.deadline, now + event.seconds)))


def _stuck(slot: Slot, event: Stuck, now: float) -> Step:
    life = slot.life
    if not isinstance(life, Running) or life.worker.id != event.worker:
        return slot, ()
    tries = 0 if now - life.since >= STABLE_AFTER else slot.tries
    return replace(slot, tries=tries, life=Killing(life.worker, event.reason, life.since)), (ForceEnd(event.worker),)


def _spawned(slot: Slot, event: Spawned, now: float, spec: AppSpec) -> Step:
    life = slot.life
    if not isinstance(life, Alive) or life.worker.id != event.worker or life.worker.pid:
        return slot, ()
    worker = replace(life.worker, pid=event.pid, born=event.start)
    if isinstance(life, Stopping):
        ending = replace(life, worker=worker, deadline=now + spec.stop_timeout)
        return replace(slot, life=ending), (AskToEnd(event.worker),)
    return replace(slot, life=replace(life, worker=worker)), ()


def _ready(slot: Slot, event: BecameReady, now: float) -> Step:
    life = slot.life
    if not isinstance(life, Starting) or life.worker.id != event.worker:
        return slot, ()
    return replace(slot, life=Running(life.worker, now), ready_after=now - life.worker.started, why=""), ()


def _ended(slot: Slot, event: Ended, now: float, spec: AppSpec) -> Step:
    life = slot.life
    if not isinstance(life, Alive) or life.worker.id != event.worker:
        return slot, ()
    why = slot.why if isinstance(life, Stopping | Killing) else ""
    exit_ = replace(_exit_of(life, event, now), why=why)
    slot = replace(slot, exits=(*slot.exits, exit_)[-EXITS_KEPT:], why="")
    match life:
        case Stopping(fault="") | Killing(fault=""):
            return _start(slot, now, spec) if slot.up else (replace(slot, life=Stopped()), ())
        case Running(since=since) if now - since >= STABLE_AFTER:
            return _after_fault(replace(slot, tries=1), event, now, spec)
        case Starting() | Running() | Stopping() | Killing():
            return _after_fault(replace(slot, tries=slot.tries + 1), event, now, spec)
        case _:
            assert_never(life)


def _exit_of(life: Alive, event: Ended, now: float) -> Exit:
    fault = life.fault if isinstance(life, Stopping | Killing) else ""
    since = 0.0 if isinstance(life, Starting) else life.since
    asked = isinstance(life, Stopping | Killing) and not fault
    ending = Unstarted(fault) if fault else event.ending
    uptime = now - since if since else 0.0
    return Exit(event.worker, life.worker.pid, ending, asked, event.wall, uptime, event.lines)


def _after_fault(slot: Slot, event: Ended, now: float, spec: AppSpec) -> Step:
    if not slot.up:
        return replace(slot, life=Stopped()), ()
    ending = slot.exits[-1].ending
    if not should_restart(spec.restart, ending):
        return replace(slot, life=Finished(ending)), ()
    if gave_up(spec.restart, slot.tries):
        return replace(slot, life=Failed(ending)), ()
    slot = replace(slot, restarts=slot.restarts + 1)
    wait = wait_before(spec.restart, slot.tries, event.chance)
    return _start(slot, now, spec) if wait <= 0 else (replace(slot, life=Backoff(now + wait)), ())


def _tick(slot: Slot, now: float, spec: AppSpec) -> Step:
    at = deadline_of(slot)
    if at is None or now < at:
        return slot, ()
    match slot.life:
        case Starting():
            answer = f": {slot.why}" if slot.why else ""
            return _end(slot, now, spec, f"not ready after {spec.start_timeout:g} s{answer}")
        case Stopping(worker=worker, fault=fault, since=since):
            killing = replace(slot, life=Killing(worker, fault, since))
            return killing, (ForceEnd(worker.id),)
        case Backoff():
            return _start(slot, now, spec)
        case Running():
            return replace(slot, tries=0), ()
        case Stopped() | Killing() | Finished() | Failed():
            return slot, ()
        case _:
            assert_never(slot.life)
