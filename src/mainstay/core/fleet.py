"""All apps: which of them an event is for, and the one reply a request gets when all that it touched have answered.

`step(fleet, event, now)` is the whole core, seen from the daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mainstay.core import facts, refresh, requests
from mainstay.core.app import App, Goal, Undo, indexes, is_busy, is_holding, next_deadline, workers
from mainstay.core.effects import Effect, Forget, Outcome, Refusal, Reply, SendSignal, Shutdown
from mainstay.core.events import (
    Apply,
    BecameReady,
    Decide,
    Delete,
    Ended,
    Event,
    Extend,
    Fact,
    Kill,
    NotYet,
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
    Tick,
    Token,
    Unfit,
)
from mainstay.core.select import Selection, UnknownSelector, select
from mainstay.core.turn import Answer, Turn
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec

UNKNOWN_NAME = 3
"""Exit code when a selector means nothing."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A request on its way: the apps that have not answered yet, and what the others said."""

    waiting: frozenset[str]
    outcomes: tuple[Outcome, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything the core knows. `cores` is what one instance per core means here."""

    cores: int = 1
    apps: dict[str, App] = field(default_factory=dict)
    pending: dict[Token, Pending] = field(default_factory=dict)
    next_number: int = 0
    killing: Token | None = None
    deadlines: dict[str, float] = field(default_factory=dict)
    """When each app must be looked at again; apps with no deadline are not in it."""


def deadline_of(fleet: Fleet) -> float | None:
    """When the fleet must be sent a Tick, if nothing happens before."""
    return min(fleet.deadlines.values(), default=None)


def step(fleet: Fleet, event: Event, now: float) -> tuple[Fleet, list[Effect]]:
    """What becomes of the fleet, and what must be done for it, in order."""
    crossing = _Crossing(fleet, now)
    match event:
        case Tick():
            for name, at in tuple(fleet.deadlines.items()):
                if at <= now:
                    crossing.turn(name, facts.tick)
        case Spawned(worker=worker) | BecameReady(worker=worker) | Ended(worker=worker):
            crossing.fact(worker.slot.app, event)
        case Unfit() | Recovered() | NotYet() | Stuck() | Extend():
            crossing.fact(event.worker.slot.app, event)
        case Apply():
            crossing.apply(event)
        case Kill(token=token):
            crossing.kill(token)
        case Scale():
            crossing.select(event, (event.app,))
        case Start() | Stop() | Restart() | Reload() | Decide() | Delete() | Signal() | Reset():
            crossing.select(event, event.selectors)
        case _:
            crossing.fact(event.app, event)
    crossing.finish()
    return crossing.fleet, crossing.effects


class _Crossing:
    """The fleet in the middle of one event."""

    def __init__(self, fleet: Fleet, now: float) -> None:
        self.fleet = fleet
        self.now = now
        self.effects: list[Effect] = []

    def fact(self, name: str, fact: Fact) -> None:
        if name in self.fleet.apps:
            self.turn(name, lambda turn: facts.handle(turn, fact))

    def turn(self, name: str, act: Callable[[Turn], None]) -> None:
        """Let one app have its turn, then whatever had queued behind it."""
        turn = Turn(self.fleet.apps[name], self.now, self.fleet.cores)
        act(turn)
        facts.settle(turn)
        app, effects, answers = turn.close()
        self.effects += effects
        self._store(app)
        for answer in answers:
            self._answered(name, answer)
        if app.deleted:
            self._after_deletion(name, app.queue)
        while (now := self.fleet.apps.get(name)) and now.queue and (is_holding(now) or not is_busy(now)):
            request, *rest = now.queue
            self._store(replace(now, queue=tuple(rest)))
            self._one(name, request)

    def _after_deletion(self, name: str, queue: tuple[Request, ...]) -> None:
        """What had queued behind a deletion: a spec may start the app anew, nothing else makes sense."""
        for request in queue:
            if name in self.fleet.apps:
                self._one(name, request)
            elif isinstance(request, Apply) and self.fleet.killing is None:
                self._first_start(request.token, request.specs[0])
            else:
                self._answered(name, (request.token, Refusal(f"cannot go on with {name}: it was deleted meanwhile")))

    def _store(self, app: App) -> None:
        numbers = {index: app.numbers[index] for index in sorted(indexes(app)) if index in app.numbers}
        next_number = self.fleet.next_number
        for index in sorted(app.slots.keys() - numbers.keys()):
            numbers[index] = next_number
            next_number += 1
        app = replace(app, numbers=numbers)
        apps = self.fleet.apps | {app.name: app}
        deadline = next_deadline(app)
        deadlines = {name: at for name, at in self.fleet.deadlines.items() if name != app.name}
        if deadline is not None and not app.deleted:
            deadlines[app.name] = deadline
        if app.deleted:
            del apps[app.name]
            self.effects.append(Forget(app.name))
            next_number = next_number if apps else 0
        self.fleet = replace(self.fleet, apps=apps, next_number=next_number, deadlines=deadlines)

    # requests

    def apply(self, request: Apply) -> None:
        names = [spec.name for spec in request.specs]
        self._expect(request.token, names)
        if self.fleet.killing is not None:
            self._refuse_all(request.token, names, Refusal("cannot start anything: the daemon is on its way out"))
            return
        for spec in request.specs:
            refusal = self._conflict(spec, request.specs)
            if refusal:
                self._answered(spec.name, (request.token, refusal))
            elif spec.name in self.fleet.apps:
                self._one(spec.name, replace(request, specs=(spec,)))
            else:
                self._first_start(request.token, spec)

    def _first_start(self, token: Token, spec: AppSpec) -> None:
        outcome = Outcome(spec.name, "started")
        self._store(App(spec.name, 0, 0, {0: spec}))
        self.turn(spec.name, lambda turn: requests.start(turn, token, None, outcome, Undo.DELETE))

    def _conflict(self, spec: AppSpec, batch: tuple[AppSpec, ...]) -> Refusal | None:
        others = {name: app.spec for name, app in self.fleet.apps.items()} | {other.name: other for other in batch}
        for name, other in others.items():
            taken = [bind for bind in spec.binds if bind in other.binds and not str(bind).endswith(":0")]
            if name != spec.name and taken:
                hint = f"give one of them another address, or `mainstay delete {name}`"
                return Refusal(f"cannot start {spec.name}: {name} has {taken[0]}", hint)
        return None

    def kill(self, token: Token) -> None:
        names = list(self.fleet.apps)
        self._expect(token, names)
        self.fleet = replace(self.fleet, killing=token)
        for name in names:
            self.turn(name, lambda turn: requests.stop(turn, token, None, delete=True))

    def select(self, request: Request, selectors: tuple[str, ...]) -> None:
        try:
            selection = select(self.fleet.apps, selectors)
        except UnknownSelector as error:
            hint = f"did you mean {error.nearest}?" if error.nearest else "`mainstay list` shows the names"
            refusal = Refusal(f"nothing is called {error.selector!r}", hint, exit_code=UNKNOWN_NAME)
            self.effects.append(Reply(request.token, refusal=refusal))
            return
        self._expect(request.token, list(selection))
        for name, slots in selection.items():
            self._one(name, request, {name: slots})

    def _one(self, name: str, request: Request, selection: Selection | None = None) -> None:
        """Let one app handle a request, at once or behind what is under way there."""
        app = self.fleet.apps[name]
        slots = (self._again(name, request) if selection is None else selection)[name]
        preempts = isinstance(request, Stop | Delete | Decide | Signal | Reset | Kill) and not (
            isinstance(request, Stop) and slots is not None and _is_changing(app, slots)
        )
        if not preempts and is_holding(app):
            hint = f"`mainstay reload {name} --continue` or `--abort` first"
            self._answered(name, (request.token, Refusal(f"cannot do that: {name} holds a canary", hint)))
        elif not preempts and is_busy(app):
            self._store(replace(app, queue=(*app.queue, _narrowed(request, name, slots))))
        else:
            self.turn(name, lambda turn: _perform(turn, request, slots))

    def _again(self, name: str, request: Request) -> Selection:
        if isinstance(request, Apply | Kill | Scale):
            return {name: None}
        try:
            return {name: frozenset()} | select({name: self.fleet.apps[name]}, request.selectors)
        except UnknownSelector:
            return {name: frozenset()}

    # replies

    def _expect(self, token: Token, names: list[str]) -> None:
        pending = self.fleet.pending | {token: Pending(frozenset(names))}
        self.fleet = replace(self.fleet, pending=pending)

    def _refuse_all(self, token: Token, names: list[str], refusal: Refusal) -> None:
        for name in names:
            self._answered(name, (token, refusal))

    def _answered(self, name: str, answer: Answer) -> None:
        token, result = answer
        pending = self.fleet.pending.get(token)
        if pending is None or name not in pending.waiting:
            return
        pending = replace(pending, waiting=pending.waiting - {name})
        if isinstance(result, Refusal):
            failed = Outcome(name, "failed", message=result.message)
            pending = replace(pending, outcomes=(*pending.outcomes, failed), refusals=(*pending.refusals, result))
        else:
            pending = replace(pending, outcomes=(*pending.outcomes, result))
        self.fleet = replace(self.fleet, pending=self.fleet.pending | {token: pending})

    def finish(self) -> None:
        for token, pending in tuple(self.fleet.pending.items()):
            if not pending.waiting:
                self.effects.append(Reply(token, pending.outcomes, _joined(pending.refusals)))
                rest = {t: p for t, p in self.fleet.pending.items() if t != token}
                self.fleet = replace(self.fleet, pending=rest)
                if token == self.fleet.killing:
                    self.effects.append(Shutdown())


def _joined(refusals: tuple[Refusal, ...]) -> Refusal | None:
    if not refusals:
        return None
    message = "\n".join(dict.fromkeys(refusal.message for refusal in refusals))
    first = refusals[0]
    return replace(first, message=message, exit_code=max(refusal.exit_code for refusal in refusals))


def _is_changing(app: App, slots: frozenset[int]) -> bool:
    """Whether single slots must not be stopped now, since something under way counts on them."""
    started = frozenset[int]().union(*(wait.slots for wait in app.waits if wait.goal is Goal.STARTED))
    rolling = app.rollout is not None and not is_holding(app)
    return not slots >= indexes(app) and (rolling or app.opening or bool(started & slots))


def _narrowed(request: Request, name: str, slots: frozenset[int] | None) -> Request:
    if isinstance(request, Apply | Scale | Kill) or slots is None:
        return request if isinstance(request, Apply | Scale | Kill) else replace(request, selectors=(name,))
    return replace(request, selectors=tuple(f"{name}-{index}" for index in sorted(slots)))


def _perform(turn: Turn, request: Request, slots: frozenset[int] | None) -> None:
    name = turn.app.name
    if not isinstance(request, Signal | Reset):
        refresh.give_way(turn)
    match request:
        case Apply(token=token, specs=specs, reload=reload):
            requests.apply(turn, token, specs[0], reload)
        case Start(token=token):
            requests.start(turn, token, slots, Outcome(name, "started"))
        case Stop(token=token):
            requests.stop(turn, token, slots)
        case Restart(token=token, shell=shell):
            requests.restart(turn, token, slots, shell)
        case Reload(token=token, canary=canary, shell=shell):
            requests.reload(turn, token, canary, shell)
        case Decide(token=token, proceed=proceed):
            requests.decide(turn, token, proceed)
        case Scale(token=token, to=to):
            requests.scale(turn, token, to)
        case Delete(token=token):
            if slots is not None and not slots >= turn.app.slots.keys():
                hint = f"`mainstay scale {name} -1` takes the last slot away, `mainstay delete {name}` all of them"
                turn.answers.append((token, Refusal(f"cannot delete single slots of {name}", hint, exit_code=2)))
            else:
                requests.stop(turn, token, None, delete=True)
        case Signal(token=token, signal=signal):
            mine = [w for w in workers(turn.app) if w.pid and (slots is None or w.id.slot.index in slots)]
            turn.effects += [SendSignal(worker.id, signal) for worker in mine]
            turn.answers.append((token, Outcome(name, "signalled", message=f"{len(mine)} workers")))
        case Reset(token=token):
            reset = {i: replace(s, restarts=0) for i, s in turn.app.slots.items() if slots is None or i in slots}
            turn.app = replace(turn.app, slots=turn.app.slots | reset)
            turn.answers.append((token, Outcome(name, "reset")))
        case Kill():
            return
        case _:
            assert_never(request)
