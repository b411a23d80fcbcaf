"""One turn of one app: the app as it changes while one event is handled, and the effects that come of it.

From outside a turn is a function: `Turn(app, now)`, calls, `close()`. What is always true after a turn (who accepts,
where connections go, which templates live) is derived here and not kept up by hand.
"""

from dataclasses import replace

from mainstay.core.app import (
    App,
    Template,
    TemplateState,
    Wait,
    every_slot,
    has_come_to_rest,
    is_python,
    is_same,
    listener_of,
    schedule_of,
    serving,
    slot_of,
    steering,
    takes_connections,
)
from mainstay.core.effects import (
    Accept,
    Adjust,
    Arm,
    Disarm,
    Effect,
    Facts,
    Fork,
    KillTree,
    Launch,
    Listen,
    Notify,
    Outcome,
    Record,
    Refusal,
    Share,
    StartTemplate,
    Steer,
    StopTemplate,
    Tend,
    Terminate,
    Unlisten,
)
from mainstay.core.events import Ended, Token
from mainstay.core.recording import of_worker
from mainstay.core.slot import (
    AskToEnd,
    ForceEnd,
    Killing,
    Slot,
    SlotEffect,
    SlotEvent,
    Spawn,
    Starting,
    Stopping,
    step,
)
from mainstay.model.exits import Unstarted
from mainstay.model.happening import Kind
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec, Interface, Privileges, UnixBind

Answer = tuple[Token, Outcome | Refusal]


class Turn:
    """The app in the middle of a change; `now` is the instant of the event, `cores` the machine's."""

    def __init__(self, app: App, now: float, cores: int) -> None:
        self.app = app
        self.now = now
        self.cores = cores
        self.effects: list[Effect] = []
        self.answers: list[Answer] = []
        self.afresh = False
        """Whether the listeners may be new, and know nothing of what was said about the old ones."""

    def __repr__(self) -> str:
        return f"<Turn {self.app.name} {len(self.effects)} effects>"

    def spec_of(self, generation: int) -> AppSpec:
        """The spec that a generation was started with."""
        return self.app.specs[generation]

    def record(self, text: str, kind: Kind = Kind.NOTE, facts: Facts | None = None) -> None:
        """Write down that something happened; what is known of it beside the text comes from `core.recording`."""
        self.effects.append(Record(self.app.name, text, kind, facts or {}))

    def notify(self, text: str) -> None:
        """Tell everyone who waits for this app how it goes on."""
        self.effects += [Notify(wait.token, self.app.name, text) for wait in self.app.waits]

    def answer(self, wait: Wait, result: Outcome | Refusal) -> None:
        """Answer a request that waited, once."""
        self.app = replace(self.app, waits=tuple(w for w in self.app.waits if w is not wait))
        self.answers.append((wait.token, result))

    def declare(self, spec: AppSpec) -> None:
        """Let `spec` hold for the generation that serves, and for its processes that run."""
        self.app = replace(self.app, specs=self.app.specs | {self.app.generation: spec})
        self.effects.append(Adjust(self.app.name, spec, frozenset(self.app.slots)))

    # slots

    def new_slot(self, index: int, generation: int, side: int) -> Slot:
        """A slot at rest, whose workers will have names that no other has had."""
        return Slot(SlotId(self.app.name, index), generation, side, serial=self.app.serial)

    def put(self, slot: Slot) -> None:
        """Store a slot where it is."""
        app = replace(self.app, serial=max(self.app.serial, slot.serial))
        index = slot.id.index
        if index in app.slots and is_same(app.slots[index], slot):
            app = replace(app, slots=app.slots | {index: slot})
        elif app.rollout and slot.generation == app.rollout.generation and index in app.rollout.fresh:
            app = replace(app, rollout=replace(app.rollout, fresh=app.rollout.fresh | {index: slot}))
        elif app.refresh and app.refresh.fresh and is_same(app.refresh.fresh, slot):
            app = replace(app, refresh=replace(app.refresh, fresh=slot))
        else:
            app = replace(app, leaving=tuple(slot if is_same(s, slot) else s for s in app.leaving))
        self.app = app

    def step(self, slot: Slot, event: SlotEvent) -> Slot:
        """Let something happen to a slot, store what becomes of it, and turn its effects into the app's."""
        slot, effects = step(slot, event, self.now, self.spec_of(slot.generation))
        self.put(slot)
        for effect in effects:
            self._perform(slot, effect)
        life = slot.life
        if isinstance(life, Stopping | Killing) and life.worker.id in self.app.held:
            self.app = replace(self.app, held=tuple(h for h in self.app.held if h != life.worker.id))
            return self.step(slot, Ended(life.worker.id, Unstarted("it had not been started")))
        return slot

    def drop_rested(self) -> None:
        """Forget the slots that have left."""
        left = tuple(slot for slot in self.app.leaving if isinstance(slot.life, Stopping | Killing))
        self.app = replace(self.app, leaving=left)

    def _perform(self, slot: Slot, effect: SlotEffect) -> None:
        spec = self.spec_of(slot.generation)
        match effect:
            case Spawn(worker=worker):
                self._spawn(worker, spec)
            case AskToEnd(worker=worker):
                self.effects.append(Terminate(worker, spec.stop_signal, tree=not is_python(spec)))
            case ForceEnd(worker=worker):
                fault = slot.life.fault if isinstance(slot.life, Killing) else ""
                text = f"is killed: {fault}" if fault else f"did not end within {spec.stop_timeout:g} s and is killed"
                self.record(f"{worker} {text}", Kind.FORCED, of_worker(worker))
                self.effects.append(KillTree(worker))
            case _:
                assert_never(effect)

    def _spawn(self, worker: WorkerId, spec: AppSpec) -> None:
        slot = slot_of(self.app, worker)
        assert slot is not None
        listener = listener_of(slot)
        if not is_python(spec):
            self.effects.append(Launch(worker, spec, listener, Interface.AUTO))
            return
        template = self.app.templates.get(worker.generation)
        if template is None or template.state is TemplateState.GONE:
            self.start_template(worker.generation)
            self.app = replace(self.app, held=(*self.app.held, worker))
        elif template.state is TemplateState.LOADING:
            self.app = replace(self.app, held=(*self.app.held, worker))
        elif template.state is TemplateState.WARM:
            self.effects.append(Fork(worker, spec, listener))
        else:
            self.effects.append(Launch(worker, spec, listener, template.interface))

    def start_again(self, worker: WorkerId) -> None:
        """Ask once more for a worker of which nobody knows whether it was started: the daemon does not do it twice."""
        self._spawn(worker, self.spec_of(worker.generation))

    # templates

    def set_template(self, generation: int, template: Template) -> None:
        """Store what is known of a generation's template."""
        self.app = replace(self.app, templates=self.app.templates | {generation: template})

    def start_template(self, generation: int, again: bool = False) -> None:
        """Ask for the process that imports a generation's code; `again` when the one before died."""
        spec = self.spec_of(generation)
        self.set_template(generation, Template(TemplateState.LOADING, self.now + spec.start_timeout, again=again))
        self.effects.append(StartTemplate(self.app.name, generation, spec))

    def release_held(self, generation: int) -> None:
        """The template can give what was asked of it: start the workers that waited."""
        mine = [worker for worker in self.app.held if worker.generation == generation]
        self.app = replace(self.app, held=tuple(w for w in self.app.held if w.generation != generation))
        for worker in mine:
            slot = slot_of(self.app, worker)
            if slot and isinstance(slot.life, Starting):
                # Its time to get ready begins only now.
                born = replace(slot.life.worker, started=self.now)
                deadline = self.now + self.spec_of(generation).start_timeout
                self.put(replace(slot, life=Starting(born, deadline)))
            self._spawn(worker, self.spec_of(generation))

    def fail_held(self, generation: int, reason: str, lines: tuple[str, ...]) -> list[Ended]:
        """The template is gone: the ends of the workers that waited for it, to be handled like any other end."""
        mine = [worker for worker in self.app.held if worker.generation == generation]
        self.app = replace(self.app, held=tuple(w for w in self.app.held if w.generation != generation))
        return [Ended(worker, Unstarted(reason), lines) for worker in mine]

    # listeners

    def listen(self, spec: AppSpec, slots: int) -> None:
        """Have listeners for this many slots."""
        if spec.binds:
            self.app = replace(self.app, opening=True, asked=2 * slots)
            self.effects.append(Listen(self.app.name, spec.binds, slots))
            self.share(spec, Privileges())

    def share(self, spec: AppSpec, before: Privileges) -> None:
        """Have its Unix sockets belong to the group it runs with, where that is another than `before`."""
        if spec.privileges != before and any(isinstance(bind, UnixBind) for bind in spec.binds):
            self.effects.append(Share(self.app.name, spec.binds, spec.privileges))

    def listen_again(self, spec: AppSpec) -> None:
        """Have the listeners that were there, or were being opened, whether they still are or not."""
        self.app = replace(self.app, asked=self.app.asked or self.app.width)
        self.effects.append(Listen(self.app.name, spec.binds, self.app.asked // 2))

    def unlisten(self) -> None:
        """Close the listeners, if there are any."""
        if self.app.listening:
            bare = replace(self.app, listening=False, addresses=(), width=0)
            self.app = replace(bare, steered={}, tended=frozenset(), receivers=())
            self.effects.append(Unlisten(self.app.name))

    def close(self) -> tuple[App, list[Effect], list[Answer]]:
        """Bring in order what follows from the rest, and give back the app, its effects in order, and the answers."""
        self._sort_out_templates()
        if self.app.revive and any(slot.up for slot in self.app.slots.values()):
            self.app = replace(self.app, revive=frozenset())
        if has_come_to_rest(self.app) and not self.app.opening:
            self.unlisten()
        first = [effect for effect in self.effects if isinstance(effect, Listen)]
        rest = [effect for effect in self.effects if not isinstance(effect, Listen)]
        then = self._accepts() + self._steers()
        then += rest + self._arms()
        return self.app, first + then, self.answers

    def _arms(self) -> list[Effect]:
        wanted = schedule_of(self.app)
        if wanted == self.app.armed:
            return []
        self.app = replace(self.app, armed=wanted)
        return [Arm(self.app.name, *wanted) if wanted else Disarm(self.app.name)]

    def _sort_out_templates(self) -> None:
        app = self.app
        needed = {slot.generation for slot in app.slots.values() if slot.up}
        if app.rollout:
            needed |= {app.generation, app.rollout.generation}
        for generation, template in app.templates.items():
            if generation not in needed and template.state in (TemplateState.LOADING, TemplateState.WARM):
                self.effects.append(StopTemplate(app.name, generation))
        used = needed | {slot.generation for slot in every_slot(app)} | {app.generation}
        used |= {app.step.generation} if app.step else set()
        self.app = replace(
            app,
            templates={g: t for g, t in app.templates.items() if g in needed},
            specs={g: s for g, s in app.specs.items() if g in used},
        )

    def _accepts(self) -> list[Effect]:
        now = frozenset(serving(self.app))
        new = now - self.app.accepting
        self.app = replace(self.app, accepting=now)
        return [Accept(worker) for worker in sorted(new) if is_python(self.spec_of(worker.generation))]

    def _steers(self) -> list[Effect]:
        if not self.app.listening:
            return []
        if self.afresh:
            self.app = replace(self.app, steered={})
        app = self.app
        effects: list[Effect] = []
        weights = steering(app)
        if weights and weights != app.steered:
            effects.append(Steer(app.name, weights))
            self.app = replace(self.app, steered=weights)
        busy = serving(app)
        receivers = tuple(sorted(w for w in busy if takes_connections(self.spec_of(w.generation))))
        tended = frozenset(range(app.width)) - frozenset(busy.values()) if receivers else frozenset()
        if self.afresh or (tended, receivers) != (app.tended, app.receivers):
            effects.append(Tend(app.name, tended, receivers))
            self.app = replace(self.app, tended=tended, receivers=receivers)
        return effects
