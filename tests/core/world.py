"""A simulated daemon for the core: a virtual clock, processes that are only data, and promises checked at every step.

What the daemon does with processes, this does with a heap of things to come. `Code` is what lies on the disk: a
template, or a worker that starts on its own, behaves as the code was when it was started.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from mainstay.core import fleet as core
from mainstay.core.app import every_slot, takes_connections
from mainstay.core.effects import (
    Accept,
    Effect,
    Forget,
    Fork,
    KillTree,
    Launch,
    Listen,
    Notify,
    Record,
    Reply,
    SendSignal,
    Shutdown,
    StartTemplate,
    Steer,
    StopTemplate,
    Tend,
    Terminate,
    Unlisten,
)
from mainstay.core.events import (
    Apply,
    BecameReady,
    Cause,
    Decide,
    Delete,
    Ended,
    Event,
    Kill,
    ListenFailed,
    Listening,
    Recovered,
    Reload,
    Request,
    Reset,
    Restart,
    Scale,
    Signal,
    Spawned,
    Start,
    Stop,
    Stuck,
    TemplateEnded,
    TemplateLoaded,
    Tick,
    Unfit,
)
from mainstay.core.fleet import Fleet
from mainstay.model.exits import Ending, Exited, Signaled, Unstarted
from mainstay.model.ids import WorkerId
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec, Bind, Interface
from tests.core.promises import Promises

EPOCH = 1_790_000_000.0
REQUESTS = (Apply, Start, Stop, Restart, Reload, Decide, Scale, Delete, Signal, Reset, Kill)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a worker goes on. Times in seconds; None means never."""

    spawn: float = 0.01
    ready: float | None = 0.03
    dies: float | None = None
    """After it was spawned."""
    ending: Ending = field(default_factory=lambda: Exited(1))
    drain: float | None = 0.1
    """From its stop signal to its end."""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """What lies on the disk. `special` are the slots that behave otherwise."""

    load: float = 0.5
    failure: str = ""
    hangs: bool = False
    cold: str = ""
    worker: Behaviour = field(default_factory=Behaviour)
    special: dict[int, Behaviour] = field(default_factory=dict)


@dataclass(slots=True)
class Process:
    """A worker as the world knows it."""

    worker: WorkerId
    listener: int
    behaviour: Behaviour
    from_template: bool
    takes_connections: bool
    pid: int = 0
    ready: bool = False
    accepting: bool = False
    asked_to_end: bool = False
    killed: bool = False

    @property
    def serves(self) -> bool:
        """Whether it takes new connections."""
        return self.accepting and not self.asked_to_end and not self.killed


@dataclass(slots=True)
class Loaded:
    """A template as the world knows it."""

    code: Code
    pid: int
    warm: bool = False


@dataclass(slots=True)
class Sockets:
    """The listeners of an app."""

    binds: tuple[Bind, ...]
    slots: int = 0
    weights: dict[int, int] = field(default_factory=dict)
    tended: frozenset[int] = frozenset()
    receivers: tuple[WorkerId, ...] = ()


class World:
    """The core, driven by a daemon that only pretends. Every event goes through `send`."""

    def __init__(self, seed: int = 0, cores: int = 4) -> None:
        self.random = random.Random(seed)
        self.now = 1000.0
        self.fleet = Fleet(cores)
        self.code: dict[str, Code] = {}
        self.taken: set[str] = set()
        """Apps whose addresses cannot be bound."""
        self.processes: dict[WorkerId, Process] = {}
        self.templates: dict[tuple[str, int], Loaded] = {}
        self.sockets: dict[str, Sockets] = {}
        self.replies: dict[int, Reply] = {}
        self.history: list[tuple[float, Event | Effect]] = []
        self.down = False
        self.promises = Promises(self)
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._answers: list[Event] = []
        self._order = itertools.count()
        self._pids = itertools.count(100)
        self._tokens = itertools.count(1)

    def __repr__(self) -> str:
        return f"<World {self.now:.2f} {sorted(map(str, self.processes))}>"

    # driving it

    def send(self, event: Event) -> None:
        """Let the core hear of an event, do what it says, and tell it at once what came of binding."""
        self.history.append((self.now, event))
        if isinstance(event, REQUESTS):
            self.promises.asked(event)
        before, (self.fleet, effects) = self.fleet, core.step(self.fleet, event, self.now)
        self.promises.before_effects(before)
        for effect in effects:
            self.history.append((self.now, effect))
            self.promises.effect(effect)
            self._perform(effect)
        self.promises.hold(event, effects)
        while self._answers:
            self.send(self._answers.pop(0))

    def ask(self, make: Callable[[int], Request]) -> int:
        """Send a request made for a token; the token."""
        token = next(self._tokens)
        self.send(make(token))
        return token

    def apply(self, *specs: AppSpec, reload: bool = False) -> int:
        """Ask for these specs; the token."""
        return self.ask(lambda token: Apply(token, specs, reload))

    def reply(self, token: int, limit: float = 300.0) -> Reply:
        """Go on until the request is answered."""
        self.run_until(lambda: token in self.replies, limit, f"reply {token}")
        return self.replies[token]

    def answer(self, make: Callable[[int], Request], limit: float = 300.0) -> Reply:
        """Send a request and go on until it is answered."""
        return self.reply(self.ask(make), limit)

    def run_until(self, condition: Callable[[], object], limit: float = 300.0, what: str = "") -> None:
        """Go on until something is so; fail after `limit` virtual seconds."""
        end = self.now + limit
        while not condition():
            assert self.now <= end, f"not within {limit:g} virtual seconds: {what or condition}\n{self.stuck()}"
            if not self._once(end + 1):
                self.now = end + 1

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._once(end):
            pass
        self.now = end

    def jump(self, seconds: float) -> None:
        """Let time pass with nobody looking: the machine slept."""
        self.now += seconds
        self.send(Tick())

    def _once(self, end: float) -> bool:
        """Let the next thing happen, if it is not after `end`."""
        deadline = core.deadline_of(self.fleet)
        first = self._coming[0][0] if self._coming else None
        if deadline is not None and (first is None or deadline < first):
            if deadline > end:
                return False
            self.now = max(self.now, deadline)
            self.send(Tick())
            return True
        if first is None or first > end:
            return False
        at, _, act = heapq.heappop(self._coming)
        self.now = max(self.now, at)
        act()
        return True

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (self.now + seconds, next(self._order), act))

    # what happens by itself

    def crash(self, worker: WorkerId | str, ending: Ending | None = None) -> WorkerId:
        """A worker (or the one that serves in this slot) is gone."""
        found = self.find(worker)
        self._end(found, ending or Signaled(9))
        return found

    def find(self, worker: WorkerId | str) -> WorkerId:
        """The worker of this name, or the one that serves in this slot."""
        found = [p for p in self.processes.values() if worker in (p.worker, str(p.worker), str(p.worker.slot))]
        return next((p for p in found if p.serves), found[-1]).worker

    def tire(self, worker: WorkerId | str, cause: Cause = Cause.HEALTH, reason: str = "503 at /health") -> WorkerId:
        """A worker (or the one that serves in this slot) is found unfit."""
        found = self.find(worker)
        self.send(Unfit(found, cause, reason))
        return found

    def heal(self, worker: WorkerId) -> None:
        """A worker passes its check again."""
        self.send(Recovered(worker))

    def block(self, worker: WorkerId | str) -> WorkerId:
        """A worker (or the one that serves in this slot) does nothing any more."""
        found = self.find(worker)
        self.send(Stuck(found, "event loop blocked for 30 s"))
        return found

    def crash_template(self, app: str, generation: int | None = None) -> None:
        """A template is gone, and with it what it had been asked for."""
        generation = self.fleet.apps[app].generation if generation is None else generation
        del self.templates[app, generation]
        self.send(TemplateEnded(app, generation, "killed by SIGKILL"))
        for process in list(self.processes.values()):
            asked = process.from_template and not process.pid
            if asked and process.worker.slot.app == app and process.worker.generation == generation:
                self._end(process.worker, Unstarted("the template is gone"))

    def _end(self, worker: WorkerId, ending: Ending) -> None:
        process = self.processes.pop(worker, None)
        if process is None:
            return
        self.promises.ended(process)
        wall = EPOCH + self.now
        self.send(Ended(worker, ending, process.behaviour.lines, wall, self.random.random()))

    # what is seen

    def stuck(self) -> str:
        """What the apps wait for."""
        lines = []
        for name, app in self.fleet.apps.items():
            slots = [(str(slot.id), slot.generation, slot.up, slot.life) for slot in every_slot(app)]
            lines.append(f"{name}: {app.waits=} {app.rollout=} {app.opening=} {app.queue=} {app.templates=} {slots=}")
        return "\n".join(lines)

    def serving(self, app: str = "web") -> list[str]:
        """The names of the workers that take new connections, in order."""
        return sorted(str(p.worker) for p in self.processes.values() if p.worker.slot.app == app and p.serves)

    def effects(self, *kinds: type[Effect]) -> list[Effect]:
        """What the core has asked for so far, of these kinds."""
        return [what for _, what in self.history if isinstance(what, kinds)]

    def statuses(self, app: str = "web") -> list[str]:
        """The class of the life of each slot."""
        return [type(slot.life).__name__ for _, slot in sorted(self.fleet.apps[app].slots.items())]

    # effects

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Listen():
                self._listen(effect)
            case Unlisten(app=app):
                del self.sockets[app]
            case Steer(app=app, weights=weights):
                self.sockets[app].weights = weights
            case Tend(app=app, listeners=listeners, receivers=receivers):
                self.sockets[app].tended, self.sockets[app].receivers = listeners, receivers
            case StartTemplate(app=app, generation=generation):
                self._start_template(app, generation)
            case StopTemplate(app=app, generation=generation):
                self.templates.pop((app, generation), None)
            case Fork(worker=worker):
                self._spawn(effect, self.templates[worker.slot.app, worker.generation].code)
            case Launch(worker=worker):
                self._spawn(effect, self.code.get(worker.slot.app, Code()))
            case Accept(worker=worker):
                self.processes[worker].accepting = True
            case Terminate(worker=worker):
                self._terminate(self.processes[worker])
            case KillTree(worker=worker):
                self.processes[worker].killed = True
                self._later(0.01, lambda: self._end(worker, Signaled(9)))
            case Forget(app=app):
                self.sockets.pop(app, None)
            case Reply(token=token):
                self.replies[token] = effect
            case Shutdown():
                self.down = True
            case SendSignal() | Notify() | Record():
                pass
            case _:
                assert_never(effect)

    def _listen(self, effect: Listen) -> None:
        app = effect.app
        if app in self.taken:
            self._answers.append(ListenFailed(app, "the port is in use", "by nginx (pid 7)"))
            return
        if app not in self.sockets or self.sockets[app].binds != effect.binds:
            self.sockets[app] = Sockets(effect.binds)
        self.sockets[app].slots = effect.slots
        self._answers.append(Listening(app, tuple(str(bind) for bind in effect.binds)))

    def _start_template(self, app: str, generation: int) -> None:
        template = Loaded(self.code.get(app, Code()), next(self._pids))
        self.templates[app, generation] = template
        if not template.code.hangs:
            self._later(template.code.load, lambda: self._load(app, generation, template))

    def _load(self, app: str, generation: int, template: Loaded) -> None:
        if self.templates.get((app, generation)) is not template:
            return
        code = template.code
        if code.failure:
            del self.templates[app, generation]
            self.send(TemplateEnded(app, generation, code.failure, "", ("Traceback", code.failure)))
            return
        template.warm = True
        if code.cold:
            del self.templates[app, generation]
        self.send(TemplateLoaded(app, generation, template.pid, Interface.ASGI, code.cold))

    def _spawn(self, effect: Fork | Launch, code: Code) -> None:
        worker = effect.worker
        behaviour = code.special.get(worker.slot.index, code.worker)
        takes = takes_connections(effect.spec)
        process = Process(worker, effect.listener, behaviour, isinstance(effect, Fork), takes)
        self.processes[worker] = process
        self._later(behaviour.spawn, lambda: self._spawned(process))

    def _spawned(self, process: Process) -> None:
        worker, behaviour = process.worker, process.behaviour
        if self.processes.get(worker) is not process:
            return
        orphan = process.from_template and (worker.slot.app, worker.generation) not in self.templates
        if orphan and self.random.random() < 0.5:
            self._end(worker, Unstarted("the template was stopped"))
            return
        process.pid = next(self._pids)
        if behaviour.ready is not None:
            self._later(behaviour.ready, lambda: self._ready(process))
        if behaviour.dies is not None:
            self._later(behaviour.dies, lambda: self._end(worker, behaviour.ending))
        self.send(Spawned(worker, process.pid))

    def _ready(self, process: Process) -> None:
        if self.processes.get(process.worker) is process:
            process.ready = True
            self.send(BecameReady(process.worker))

    def _terminate(self, process: Process) -> None:
        process.asked_to_end = True
        if process.behaviour.drain is not None:
            self._later(process.behaviour.drain, lambda: self._end(process.worker, Exited(0)))
