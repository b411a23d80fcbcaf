"""All apps: which of them an event is for, and the one reply a request gets when all that it touched have answered.

`step(fleet, event, now)` is the whole core, seen from the daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mainstay.core import facts, order, refresh, requests, waiting
from mainstay.core.app import App, Goal, Undo, indexes, is_busy, is_down, is_holding, next_deadline, workers
from mainstay.core.effects import Effect, Forget, Notify, Outcome, Record, Refusal, Reply, SendSignal, Shutdown
from mainstay.core.events import (
    Apply,
    BecameReady,
    Decide,
    Delete,
    Due,
    Ended,
    Event,
    Extend,
    Fact,
    Kill,
    NeverBegun,
    NotYet,
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
    Stop,
    Stuck,
    Tick,
    Token,
    Unfit,
)
from mainstay.core.recording import KIND_OF_OUTCOME
from mainstay.core.select import Selection, UnknownSelector, select
from mainstay.core.turn import Answer, Turn
from mainstay.core.waiting import Pending
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec

UNATTENDED: Token = -1
"""Names requests that nobody waits for, as all that are less do."""
UNKNOWN_NAME = 3
"""Exit code when a selector means nothing."""


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
    held: tuple[order.Held, ...] = ()
    """Parts of requests that wait for other apps."""


def deadline_of(fleet: Fleet) -> float | None:
    """When the fleet must be sent a Tick, if nothing happens before."""
    held = [held.deadline for held in fleet.held if held.deadline is not None]
    return min((*fleet.deadlines.values(), *held), default=None)


def with_app(fleet: Fleet, app: App) -> Fleet:
    """The fleet with an app as it has become; a slot that is new gets its number in the list."""
    numbers = {index: app.numbers[index] for index in sorted(indexes(app)) if index in app.numbers}
    new = sorted(app.slots.keys() - numbers.keys())
    numbers |= {index: fleet.next_number + more for more, index in enumerate(new)}
    deadline = next_deadline(app)
    deadlines = {name: at for name, at in fleet.deadlines.items() if name != app.name}
    if deadline is not None:
        deadlines[app.name] = deadline
    apps = fleet.apps | {app.name: replace(app, numbers=numbers)}
    return replace(fleet, apps=apps, next_number=fleet.next_number + len(new), deadlines=deadlines)


def step(fleet: Fleet, event: Event, now: float) -> tuple[Fleet, list[Effect]]:
    """What becomes of the fleet, and what must be done for it, in order."""
    crossing = Crossing(fleet, now)
    match event:
        case Tick():
            for name, at in tuple(fleet.deadlines.items()):
                if at <= now:
                    crossing.turn(name, facts.tick)
        case Spawned(worker=worker) | BecameReady(worker=worker) | Ended(worker=worker) | NeverBegun(worker=worker):
            crossing.fact(worker.slot.app, event)
        case Unfit() | Recovered() | NotYet() | Stuck() | Extend():
            crossing.fact(event.worker.slot.app, event)
        case Apply():
            crossing.apply(event)
        case Kill(token=token):
            crossing.kill(token)
        case Resurrect(token=token):
            crossing.resurrect(token)
        case Scale() | RunJob():
            crossing.select(event, (event.app,))
        case Due():
            crossing.due(event)
        case Start() | Stop() | Restart() | Reload() | Decide() | Delete() | Signal() | Reset():
            crossing.select(event, event.selectors)
        case _:
            crossing.fact(event.app, event)
    crossing.finish()
    return crossing.fleet, crossing.effects


class Crossing:
    """The fleet in the middle of one event."""

    def __init__(self, fleet: Fleet, now: float) -> None:
        self.fleet = fleet
        self.now = now
        self.effects: list[Effect] = []

    def fact(self, name: str, fact: Fact) -> None:
        if name in self.fleet.apps:
            self.turn(name, lambda turn: facts.handle(turn, fact))

    def due(self, event: Due) -> None:
        """The time of a job, or of a reload, has come."""
        app = self.fleet.apps.get(event.app)
        if app is None or self.fleet.killing is not None:
            return
        if app.job:
            self.fact(event.app, event)
        elif app.spec.restart.schedule and not is_down(app):
            self.effects.append(Record(event.app, "a reload is due"))
            self._one(event.app, Reload(UNATTENDED, (event.app,)))

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
        if not app.deleted:
            self.fleet = with_app(self.fleet, app)
            return
        apps = {name: other for name, other in self.fleet.apps.items() if name != app.name}
        deadlines = {name: at for name, at in self.fleet.deadlines.items() if name != app.name}
        self.effects.append(Forget(app.name))
        next_number = self.fleet.next_number if apps else 0
        self.fleet = replace(self.fleet, apps=apps, next_number=next_number, deadlines=deadlines)

    # requests

    def apply(self, request: Apply) -> None:
        if any(spec.schedule for spec in request.specs):
            from mainstay.core import jobs

            request = replace(request, specs=tuple(jobs.declared(spec) for spec in request.specs))
        names = [spec.name for spec in request.specs]
        if self.fleet.killing is not None:
            self._expect(request.token, names)
            self._refuse_all(request.token, names, Refusal("cannot start anything: the daemon is on its way out"))
            return
        refusals = {spec.name: found for spec in request.specs if (found := self._conflict(spec, request.specs))}
        refusals = self._circles(request.specs) | refusals
        going = [spec for spec in request.specs if spec.name not in refusals]
        to_start = [spec for spec in going if self._is_to_start(spec.name)]
        self._expect(request.token, names, order.missing(self.fleet.apps, to_start))
        for name, refusal in refusals.items():
            self._answered(name, (request.token, refusal))
        for spec in going:
            self._submit(spec.name, replace(request, specs=(spec,)))

    def _is_to_start(self, name: str) -> bool:
        return name not in self.fleet.apps or is_down(self.fleet.apps[name])

    def _first_start(self, token: Token, spec: AppSpec) -> None:
        outcome = Outcome(spec.name, "started")
        self._store(App(spec.name, 0, 0, {0: spec}))
        if spec.schedule:
            from mainstay.core import jobs

            self.turn(spec.name, lambda turn: jobs.enlist(turn, token))
            return
        self.turn(spec.name, lambda turn: requests.start(turn, token, None, outcome, Undo.DELETE))

    def _conflict(self, spec: AppSpec, batch: tuple[AppSpec, ...]) -> Refusal | None:
        if spec.schedule:
            from mainstay.core import jobs

            refusal = jobs.refusal(spec)
            if refusal:
                return refusal
        others = {name: app.spec for name, app in self.fleet.apps.items()} | {other.name: other for other in batch}
        for name, other in others.items():
            taken = [bind for bind in spec.binds if bind in other.binds and not str(bind).endswith(":0")]
            if name != spec.name and taken:
                hint = f"give one of them another address, or `mainstay delete {name}`"
                return Refusal(f"cannot start {spec.name}: {name} has {taken[0]}", hint)
        return None

    def _circles(self, specs: tuple[AppSpec, ...]) -> dict[str, Refusal]:
        """Those of the specs that would depend on each other."""
        refusals: dict[str, Refusal] = {}
        while circle := order.cycle(self.fleet.apps, [spec for spec in specs if spec.name not in refusals]):
            way = " -> ".join(circle)
            mine = [spec.name for spec in specs if spec.name in circle]
            refusals |= {name: Refusal(f"cannot start {name}: {way} depend on each other") for name in mine}
            if not mine:
                break  # of what is there already
        return refusals

    def kill(self, token: Token) -> None:
        names = list(self.fleet.apps)
        self.fleet = replace(self.fleet, killing=token)
        self._give_up({held.name for held in self.fleet.held})
        self._expect(token, names)
        for name in names:
            self._submit(name, Kill(token))

    def resurrect(self, token: Token) -> None:
        asleep = {name: app for name, app in self.fleet.apps.items() if app.revive}
        self._expect(token, list(asleep), order.missing(self.fleet.apps, (app.spec for app in asleep.values())))
        for name, app in asleep.items():
            slots = None if app.revive >= app.slots.keys() else app.revive
            self._submit(name, _narrowed(Start(token, (name,)), name, slots))

    def select(self, request: Request, selectors: tuple[str, ...]) -> None:
        given_up: set[str] = set()
        if isinstance(request, Stop | Delete):
            held = {held.name for held in self.fleet.held if order.is_start(held.request)}
            given_up = held if "all" in selectors else held & set(selectors)
            self._give_up(given_up)
            selectors = tuple(name for name in selectors if name in self.fleet.apps or name not in given_up)
        if given_up and not selectors:
            outcomes = tuple(Outcome(name, "stopped", message="it had not been started") for name in sorted(given_up))
            self.effects.append(Reply(request.token, outcomes))
            return
        try:
            selection = select(self.fleet.apps, selectors)
        except UnknownSelector as error:
            hint = f"did you mean {error.nearest}?" if error.nearest else "`mainstay list` shows the names"
            refusal = Refusal(f"nothing is called {error.selector!r}", hint, exit_code=UNKNOWN_NAME)
            self.effects.append(Reply(request.token, refusal=refusal))
            return
        missing: dict[str, str] = {}
        if isinstance(request, Start | Restart):
            apps = [self.fleet.apps[name] for name in selection]
            missing = order.missing(self.fleet.apps, (app.spec for app in apps if is_down(app)))
        self._expect(request.token, list(selection), missing)
        for name, slots in selection.items():
            if isinstance(request, Start | Stop | Restart | Delete):
                self._submit(name, _narrowed(request, name, slots))
            else:
                self._one(name, request, {name: slots})

    # who waits for whom

    def _submit(self, name: str, request: Request) -> None:
        """Let an app have its part of a request, after those that come first."""
        held = order.Held(name, request)
        found = waiting.verdict(held, self.fleet.apps, self.fleet.pending)
        if isinstance(found, order.Waits):
            self.effects.append(Notify(request.token, name, f"{name} waits for {' and '.join(found.names)}"))
            self.fleet = replace(self.fleet, held=(*self.fleet.held, held))
        else:
            self._begin(held, found)

    def _begin(self, held: order.Held, refusal: Refusal | None) -> None:
        name, request = held.name, held.request
        if refusal:
            self._answered(name, (request.token, refusal))
        elif name in self.fleet.apps:
            self._one(name, request)
        elif isinstance(request, Apply):
            self._first_start(request.token, request.specs[0])
        else:
            self._answered(name, (request.token, Refusal(f"cannot go on with {name}: it was deleted meanwhile")))

    def _release(self) -> None:
        """Go on with what waited for others, as far as that is possible now."""
        while True:
            held, following = waiting.look(self.fleet.held, self.fleet.apps, self.fleet.pending, self.now)
            self.fleet = replace(self.fleet, held=held)
            if following is None:
                return
            self._begin(following.held, following.refusal)

    def _give_up(self, names: set[str]) -> None:
        """Someone stopped apps that had not been started yet."""
        lost = waiting.given_up(self.fleet.held, names)
        self.fleet = replace(self.fleet, held=tuple(held for held in self.fleet.held if held not in lost))
        for held in lost:
            refusal = Refusal(f"cannot go on with {held.name}: it was stopped meanwhile")
            self._answered(held.name, (held.request.token, refusal))

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
        if isinstance(request, Apply | Kill | Scale | RunJob | Resurrect):
            return {name: None}
        try:
            return {name: frozenset()} | select({name: self.fleet.apps[name]}, request.selectors)
        except UnknownSelector:
            return {name: frozenset()}

    # replies

    def _expect(self, token: Token, names: list[str], brought: dict[str, str] | None = None) -> None:
        """A request is answered when all these apps, and those `brought` along, have been."""
        brought = {name: by for name, by in (brought or {}).items() if name not in names}
        pending = self.fleet.pending | {token: Pending(frozenset((*names, *brought)), brought=brought)}
        self.fleet = replace(self.fleet, pending=pending)
        for name, by in brought.items():
            self.effects.append(Notify(token, name, f"starting {name}: {by} depends on it"))
            self._submit(name, Start(token, (name,)))

    def _refuse_all(self, token: Token, names: list[str], refusal: Refusal) -> None:
        for name in names:
            self._answered(name, (token, refusal))

    def _answered(self, name: str, answer: Answer) -> None:
        token, result = answer
        pending = self.fleet.pending.get(token)
        if pending is None or name not in pending.waiting:
            return
        pending = replace(pending, waiting=pending.waiting - {name})
        if isinstance(result, Outcome):
            result = self._with_a_word(result, pending)
        if isinstance(result, Refusal):
            failed = Outcome(name, "failed", message=result.message, code=result.code)
            pending = replace(pending, outcomes=(*pending.outcomes, failed), refusals=(*pending.refusals, result))
        else:
            pending = replace(pending, outcomes=(*pending.outcomes, result))
            self._record(result)
        self.fleet = replace(self.fleet, pending=self.fleet.pending | {token: pending})

    def _record(self, outcome: Outcome) -> None:
        kind = KIND_OF_OUTCOME.get(outcome.outcome)
        if kind is not None:
            said = "; ".join((*outcome.changes, *((outcome.message,) if outcome.message else ())))
            text = f"{outcome.outcome}: {said}" if said else outcome.outcome
            self.effects.append(Record(outcome.app, text, kind, {"changes": list(outcome.changes)}))

    def _with_a_word(self, outcome: Outcome, pending: Pending) -> Outcome:
        """What people should know of the apps that depend on this one, or it on them."""
        words = [outcome.message]
        if outcome.app in pending.brought:
            words.append(f"{pending.brought[outcome.app]} depends on it")
        if outcome.outcome in ("stopped", "deleted"):
            asked = {*pending.waiting, *(other.app for other in pending.outcomes)}
            words.append(order.left_behind(self.fleet.apps, outcome.app, asked))
        return replace(outcome, message="; ".join(word for word in words if word))

    def finish(self) -> None:
        """Go on with what waited for this, and reply to what is done."""
        self._release()
        for token, pending in tuple(self.fleet.pending.items()):
            if not pending.waiting:
                if token > UNATTENDED:
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
    if isinstance(request, Apply | Scale | RunJob | Kill | Resurrect):
        return request
    if slots is None:
        return replace(request, selectors=(name,))
    return replace(request, selectors=tuple(f"{name}-{index}" for index in sorted(slots)))


def _perform(turn: Turn, request: Request, slots: frozenset[int] | None) -> None:
    name = turn.app.name
    if not isinstance(request, Signal | Reset):
        refresh.give_way(turn)
    becomes_a_job = isinstance(request, Apply) and request.specs[0].schedule is not None
    if turn.app.job or becomes_a_job:
        from mainstay.core import jobs

        if jobs.perform(turn, request):
            return
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
        case RunJob(token=token):
            hint = "a job has a schedule; `mainstay start` and `restart` are for other apps"
            turn.answers.append((token, Refusal(f"cannot run {name}: it is no job", hint, exit_code=2)))
        case Kill(token=token):
            requests.rest(turn, token)
        case Resurrect():
            return
        case _:
            assert_never(request)
