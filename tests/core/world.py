"""A simulated daemon for the core: a virtual clock, processes that are only data, and promises checked at every step.

What the daemon does with processes, this does with a heap of things to come.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import replace

from mainstay.core import fleet as core
from mainstay.core.app import every_slot, takes_connections
from mainstay.core.effects import (
    Accept,
    Adjust,
    Arm,
    Disarm,
    Effect,
    Forget,
    Fork,
    KillTree,
    Launch,
    Listen,
    Notify,
    Record,
    Reply,
    RunStep,
    SendSignal,
    Share,
    Shutdown,
    StartTemplate,
    Steer,
    StopStep,
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
    Due,
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
    Resurrect,
    RunJob,
    Scale,
    Signal,
    Spawned,
    Start,
    StepEnded,
    Stop,
    Stuck,
    TemplateEnded,
    TemplateLoaded,
    Tick,
    Unfit,
)
from mainstay.core.fleet import Fleet
from mainstay.core.resume import Found, take_over
from mainstay.core.resume import Process as Runs
from mainstay.model.codec import dump, load
from mainstay.model.exits import Ending, Exited, Signaled, Unstarted
from mainstay.model.ids import WorkerId
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec, Interface
from tests.core.promises import Promises
from tests.core.simulated import Code, Effort, Loaded, Process, Sockets

EPOCH = 1_790_000_000.0
REQUESTS = (Apply, Start, Stop, Restart, Reload, Decide, Scale, Delete, Signal, Reset, RunJob, Kill, Resurrect)


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
        self.steps: dict[str, RunStep] = {}
        self.armed: dict[str, Arm] = {}
        self.replies: dict[int, Reply] = {}
        self.history: list[tuple[float, Event | Effect]] = []
        self.down = False
        self.promises = Promises(self)
        self._left: int | None = None
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
        if self._left == -1 and not isinstance(event, Tick):
            self._left = None
            self.take_over()
            return
        before, (self.fleet, effects) = self.fleet, core.step(self.fleet, event, self.now)
        self.promises.before_effects(before)
        for done, effect in enumerate(effects):
            if self._left is not None and done >= self._left >= 0 and not self.down:
                self._left = None
                self.take_over()
                return
            self.history.append((self.now, effect))
            self.promises.effect(effect)
            self._perform(effect)
        self.promises.hold(event, effects)
        while self._answers:
            self.send(self._answers.pop(0))

    def take_over(self) -> None:
        """Another daemon is there, which knows the fleet and looks for what runs."""
        self._answers.clear()
        self.promises.forget_clients()
        self.promises.forget_the_gone(self.fleet)
        for app in self.sockets.keys() - self.fleet.apps.keys():
            del self.sockets[app]
        for process in self.processes.values():
            if not process.pid and not process.from_template:
                process.pid = next(self._pids)
                self._starts(process)
            process.excused = not process.asked_to_end
        coming = frozenset(p.worker.token for p in self.processes.values() if not p.pid)
        born = {p.worker.token: Runs(p.pid, 0) for p in self.processes.values() if p.pid}
        found = Found(born, frozenset(self.templates), coming, frozenset(self.steps))
        fleet = load(Fleet, dump(self.fleet))
        held = {part.request.token for part in fleet.held}
        fleet = replace(fleet, pending={token: p for token, p in fleet.pending.items() if token in held})
        self.armed.clear()
        self.fleet, effects = take_over(fleet, found, self.now)
        for process in self.processes.values():
            process.accepting = False
        self.promises.taking_over = True
        for effect in effects:
            self.history.append((self.now, effect))
            self.promises.effect(effect)
            self._perform(effect)
        self.promises.taking_over = False
        self.armed |= {name: Arm(name, *app.armed) for name, app in self.fleet.apps.items() if app.armed}
        facts: list[Event] = list(self._answers)
        self._answers.clear()
        for (app, generation), template in self.templates.items():
            if template.warm:
                facts.append(TemplateLoaded(app, generation, template.pid, Interface.ASGI, ""))
        facts += [BecameReady(p.worker) for p in self.processes.values() if p.ready]
        for fact in facts:
            self.fleet, effects = core.step(self.fleet, fact, self.now)
            self.promises.taking_over = True
            for effect in effects:
                self.promises.effect(effect)
                self._perform(effect)
            self.promises.taking_over = False
        self.promises.hold(Tick(), [])
        if self.fleet.killing is not None:
            self.ask(Kill)

    def kill_daemon(self, after: int | None) -> None:
        """The daemon is killed in its next event, when it has done `after` things; -1: before it; None: not at all."""
        self._left = after

    def ask(self, make: Callable[[int], Request]) -> int:
        """Send a request made for a token; the token."""
        token = next(self._tokens)
        self.send(make(token))
        return token

    def apply(self, *specs: AppSpec, reload: bool = False) -> int:
        """Ask for these specs; the token."""
        return self.ask(lambda token: Apply(token, specs, reload))

    def due(self, app: str) -> None:
        """The time of an app's schedule has come, if it counts."""
        if app in self.armed:
            self.send(Due(app, EPOCH + self.now))

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
                self.sockets.pop(app, None)
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
            case RunStep():
                self._run_step(effect)
            case StopStep(app=app):
                self._stop_step(app)
            case Arm(app=app):
                self.armed[app] = effect
            case Disarm(app=app):
                del self.armed[app]
            case Forget(app=app):
                self.sockets.pop(app, None)
            case Reply(token=token):
                self.replies[token] = effect
            case Shutdown():
                self.down = True
            case SendSignal() | Notify() | Record() | Adjust() | Share():
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

    def _run_step(self, effect: RunStep) -> None:
        self.steps[effect.app] = effect
        effort = self.effort(effect)
        if effort.takes is not None:
            self._later(effort.takes, lambda: self._end_step(effect, effort.ending))

    def _stop_step(self, app: str) -> None:
        effect = self.steps[app]
        self._later(self.effort(effect).ends, lambda: self._end_step(effect, Signaled(15)))

    def _end_step(self, effect: RunStep, ending: Ending) -> None:
        if self.steps.get(effect.app) is effect:
            del self.steps[effect.app]
            self.promises.step_ended(effect, ending)
            lines = self.effort(effect).lines
            self.send(StepEnded(effect.app, effect.generation, effect.stage, ending, lines, EPOCH + self.now))

    def effort(self, effect: RunStep) -> Effort:
        """What this command comes to."""
        return self.code.get(effect.app, Code()).steps.get(effect.stage, Effort())

    def _spawn(self, effect: Fork | Launch, code: Code) -> None:
        worker = effect.worker
        if worker in self.processes:
            return  # it was asked for by a daemon that was killed, and is on its way
        behaviour = code.special.get(worker.slot.index, code.worker)
        takes = takes_connections(effect.spec)
        process = Process(worker, effect.listener, behaviour, isinstance(effect, Fork), takes)
        self.processes[worker] = process
        self._later(behaviour.spawn, lambda: self._spawned(process))

    def _spawned(self, process: Process) -> None:
        worker = process.worker
        if self.processes.get(worker) is not process or process.pid:
            return
        orphan = process.from_template and (worker.slot.app, worker.generation) not in self.templates
        if orphan and self.random.random() < 0.5:
            self._end(worker, Unstarted("the template was stopped"))
            return
        process.pid = next(self._pids)
        self._starts(process)
        self.send(Spawned(worker, process.pid))

    def _starts(self, process: Process) -> None:
        worker, behaviour = process.worker, process.behaviour
        if behaviour.ready is not None:
            self._later(behaviour.ready, lambda: self._ready(process))
        if behaviour.dies is not None:
            self._later(behaviour.dies, lambda: self._end(worker, behaviour.ending))

    def _ready(self, process: Process) -> None:
        if self.processes.get(process.worker) is process:
            process.ready = True
            self.send(BecameReady(process.worker))

    def _terminate(self, process: Process) -> None:
        if process.asked_to_end:
            return
        process.asked_to_end = True
        if process.behaviour.drain is not None:
            self._later(process.behaviour.drain, lambda: self._end(process.worker, Exited(0)))
