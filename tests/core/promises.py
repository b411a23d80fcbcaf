"""The promises of the core, checked by the simulated daemon after every step."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstay.core.app import Style, TemplateState, every_slot, listener_of
from mainstay.core.effects import (
    Accept,
    Effect,
    Forget,
    Fork,
    KillTree,
    Launch,
    Reply,
    RunStep,
    SendSignal,
    Shutdown,
    StartTemplate,
    Steer,
    StopStep,
    StopTemplate,
    Tend,
    Terminate,
)
from mainstay.core.events import (
    Apply,
    Delete,
    Event,
    Kill,
    Request,
    Reset,
    Restart,
    Resurrect,
    Scale,
    Signal,
    Stage,
    Start,
    Stop,
    Tick,
)
from mainstay.core.fleet import Fleet, deadline_of
from mainstay.core.policy import JITTER, STABLE_AFTER, wait_before
from mainstay.core.slot import Alive, Killing, Running, Starting, worker_of
from mainstay.model.exits import Ending, Exited
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec, slots_wanted

if TYPE_CHECKING:
    from tests.core.simulated import Process
    from tests.core.world import World


@dataclass(slots=True)
class Row:
    """Ends in a row of one slot and generation that nobody asked for."""

    ends: int
    at: float


class Promises:
    """What must hold at all times; an AssertionError says which promise was broken."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.open: set[int] = set()
        self.taking_over = False
        """Whether a new daemon does again what the one before it may have done."""
        self.floor: dict[str, int] = {}
        """The least number of serving workers during the rollout of an app."""
        self.kept: dict[str, int] = {}
        """The least number of serving workers while one of an app is refreshed."""
        self.rows: dict[tuple[SlotId, int, int], Row] = {}
        self.ready_at: dict[object, float] = {}
        self.weights: list[tuple[Terminate, dict[int, int]]] = []
        self.accepted_first: dict[str, int] = {}
        self.prepared: dict[tuple[str, int], bool] = {}
        """Generations whose `before_start` has been run, and whether it did what it was for."""

    def forget_clients(self) -> None:
        """The daemon was killed: nobody waits for a reply of it any more."""
        self.open.clear()
        self.floor.clear()
        self.kept.clear()
        self.rows.clear()

    def forget_the_gone(self, fleet: Fleet) -> None:
        """An app may be gone though the daemon did not come to say so."""
        self.prepared = {key: good for key, good in self.prepared.items() if key[0] in fleet.apps}

    def asked(self, request: Request) -> None:
        """A request was made: it is owed one reply, and what it asks for is not unasked."""
        self.open.add(request.token)
        if isinstance(request, Apply | Start | Restart | Scale | Resurrect):
            self.rows.clear()
        if isinstance(request, Stop | Delete | Kill):
            self.floor.clear()
        if not isinstance(request, Signal | Reset):
            self.kept.clear()

    def ended(self, process: "Process") -> None:
        """A process ended: if nobody asked for it, it is one of a row, and counts no longer as serving."""
        worker = process.worker
        app = self.world.fleet.apps.get(worker.slot.app)
        if process.serves:
            self._one_less(worker.slot.app)
        told = process.asked_to_end or (process.excused and process.killed)
        if told and not self._at_fault(process):
            return
        key = (worker.slot, worker.generation, process.listener)
        since = self._since(process)
        stable = since is not None and self.world.now - since >= STABLE_AFTER
        before = self.rows.get(key)
        ends = 1 if stable or before is None else before.ends + 1
        if app is not None:
            self.rows[key] = Row(ends, self.world.now)

    def step_ended(self, step: RunStep, ending: Ending) -> None:
        """A command of a stage ended."""
        if step.stage is Stage.BEFORE_START:
            self.prepared[step.app, step.generation] = ending == Exited(0)

    def _one_less(self, app: str) -> None:
        """A worker of an app serves no more, through no doing of ours."""
        for floor in (self.floor, self.kept):
            if app in floor:
                floor[app] -= 1

    def _slot_life(self, process: "Process") -> object:
        app = self.world.fleet.apps.get(process.worker.slot.app)
        for slot in every_slot(app) if app else ():
            found = worker_of(slot)
            if found and found.id == process.worker:
                return slot.life
        return None

    def _at_fault(self, process: "Process") -> bool:
        return bool(getattr(self._slot_life(process), "fault", ""))

    def _since(self, process: "Process") -> float | None:
        life = self._slot_life(process)
        return life.since if isinstance(life, Running | Killing) and life.since else None

    # effects, in order

    def before_effects(self, before: Fleet) -> None:
        """Remember where a rollout began."""
        self.weights = []
        for name, app in self.world.fleet.apps.items():
            old = before.apps.get(name)
            if old and len(app.waits) > len(old.waits):
                self.kept.pop(name, None)  # a request that had waited for other apps begins
            if app.refresh and app.refresh.fresh and app.refresh.worker != (old and old.refresh and old.refresh.worker):
                self.kept[name] = len(self.world.serving(name))
            turned = old and old.rollout and not old.rollout.back and (app.rollout is None or app.rollout.back)
            if old is None or turned or len(app.queue) < len(old.queue):
                self._forget_rows(name)  # a request that had waited is carried out, or what it did is undone
            if app.rollout is None or app.rollout.style is not Style.OVERLAP:
                self.floor.pop(name, None)
            elif not app.rollout.back and app.rollout.generation != (old and old.rollout and old.rollout.generation):
                wanted = slots_wanted(app.specs[app.rollout.generation].instances, self.world.fleet.cores)
                self.floor[name] = min(len(self.world.serving(name)), wanted)
        for name in list(self.floor):
            if name not in self.world.fleet.apps:
                del self.floor[name]

    def effect(self, effect: Effect) -> None:
        """Check one effect against the world in which it is about to be performed."""
        world = self.world
        match effect:
            case Fork(worker=worker) | Launch(worker=worker):
                place = (worker.slot, worker.generation, effect.listener)
                at = {p.worker: (p.worker.slot, p.worker.generation, p.listener) for p in world.processes.values()}
                twins = [w for w, where in at.items() if where == place and w != worker]
                assert not twins, f"two workers in {worker}: {twins}"
                self._one_refresh_at_a_time(worker)
                if worker in world.processes:
                    assert self.taking_over, f"{worker} is started twice"
                elif isinstance(effect, Fork):
                    template = world.templates.get((worker.slot.app, worker.generation))
                    assert template, f"{effect} from a template that is not there"
                    assert template.warm, f"{effect} from a template that is not ready"
                self._is_prepared(worker.slot.app, worker.generation, effect.spec)
                self._check_backoff(effect)
            case Terminate(worker=worker):
                assert worker in world.processes, f"a signal to {worker}, which is gone"
                assert world.processes[worker].pid, f"a signal to {worker}, which has no process yet"
                again = world.processes[worker].asked_to_end and not self.taking_over
                assert not again, f"{worker} is asked to end twice"
                if worker.slot.app in world.sockets:
                    self.weights.append((effect, world.sockets[worker.slot.app].weights))
            case KillTree(worker=worker):
                process = world.processes.get(worker)
                assert process, f"SIGKILL to {worker}, which is gone"
                assert process.pid, f"SIGKILL to {worker}, which has no process yet"
                stuck = self._at_fault(process) and not process.asked_to_end
                told = process.asked_to_end or process.excused or stuck
                assert told, f"SIGKILL to {worker} without a stop signal"
                if process.serves:
                    self._one_less(worker.slot.app)
            case SendSignal(worker=worker):
                assert worker in world.processes, f"a signal to {worker}, which is gone"
                assert world.processes[worker].pid, f"a signal to {worker}, which has no process yet"
            case Accept(worker=worker):
                assert world.processes[worker].ready, f"{worker} is to accept before it is ready"
                assert not world.processes[worker].accepting, f"{worker} is to accept twice"
            case RunStep():
                self._check_step(effect)
            case StopStep(app=app):
                assert app in world.steps, f"{app} has nothing to end"
            case StartTemplate(app=app, generation=generation):
                self._is_prepared(app, generation, effect.spec)
                assert (app, generation) not in world.templates, f"two templates of {app} generation {generation}"
            case Steer(app=app) | Tend(app=app):
                assert app in world.sockets, f"{effect} without listeners"
            case Reply(token=token) if self.taking_over and token not in self.open:
                pass
            case Reply(token=token):
                assert token in self.open, f"a second reply to {token}"
                self.open.remove(token)
            case Forget(app=app):
                self._forget_rows(app)
                self._nothing_of(app)
            case Shutdown():
                assert not world.processes, f"left at the end: {world.processes}"
                assert not world.templates, f"left at the end: {world.templates}"
                assert not world.sockets, f"left at the end: {world.sockets}"
                assert not world.steps, f"left at the end: {world.steps}"
                assert not world.armed, f"left at the end: {world.armed}"
            case _:
                pass

    def _check_step(self, step: RunStep) -> None:
        world, key = self.world, (step.app, step.generation)
        assert step.app not in world.steps, f"{step} beside {world.steps[step.app]}"
        processes = [w for w in world.processes if w.slot.app == step.app]
        if step.stage is Stage.AFTER_STOP:
            assert not processes, f"{step} while {processes} run"
            return
        assert self.taking_over or key not in self.prepared, f"a second {step}"
        assert not [w for w in processes if w.generation == step.generation], f"{step} after {processes}"
        self.prepared[key] = False

    def _is_prepared(self, app: str, generation: int, spec: AppSpec) -> None:
        if spec.before_start:
            assert self.prepared.get((app, generation)), f"{app} generation {generation} is not prepared"

    def _one_refresh_at_a_time(self, worker: WorkerId) -> None:
        """A second worker of a generation in a slot is the only one of its app."""
        processes = self.world.processes.values()
        stay = [p.worker for p in processes if isinstance(self._slot_life(p), Starting | Running)]
        stay = [other for other in stay if other != worker]
        places = [(w.slot, w.generation) for w in (*stay, worker) if w.slot.app == worker.slot.app]
        twice = {place for place in places if places.count(place) > 1}
        assert len(twice) <= 1, f"more than one slot is refreshed at a time: {twice}"

    def _check_backoff(self, effect: Fork | Launch) -> None:
        worker = effect.worker
        row = self.rows.get((worker.slot, worker.generation, effect.listener))
        if row is None:
            return
        least = wait_before(effect.spec.restart, row.ends, 0.0) * (1 - JITTER)
        waited = self.world.now - row.at
        assert waited >= least - 1e-6, f"{worker} is started {waited:.3f} s after end {row.ends} in a row, not {least}"

    def _forget_rows(self, app: str) -> None:
        self.rows = {key: row for key, row in self.rows.items() if key[0].app != app}

    def _nothing_of(self, app: str) -> None:
        assert not [w for w in self.world.processes if w.slot.app == app], f"processes of {app} are left"
        assert not [key for key in self.world.templates if key[0] == app], f"templates of {app} are left"
        assert app not in self.world.steps, f"{self.world.steps[app]} is left"
        self.prepared = {key: good for key, good in self.prepared.items() if key[0] != app}

    # after all effects

    def hold(self, event: Event, effects: list[Effect]) -> None:
        """Check what must be true between two steps."""
        self._slots_have_something_to_wake_them(event)
        self._names_are_unique()
        self._steps_are_waited_for()
        self._jobs_run_alone()
        self._templates_are_in_use(effects)
        for name in self.world.fleet.apps:
            self._connections_find_someone(name)
        self._rollouts_keep_serving(event)

    def _slots_have_something_to_wake_them(self, event: Event) -> None:
        world = self.world
        for app in world.fleet.apps.values():
            for slot in every_slot(app):
                life = slot.life
                if isinstance(life, Alive):
                    known = life.worker.id in world.processes or life.worker.id in app.held
                    assert known, f"{slot.id} waits for {life.worker.id}, which is neither there nor asked for"
                if isinstance(life, Killing) and life.worker.pid:
                    assert world.processes[life.worker.id].killed, f"{life.worker.id} was not killed"
                if isinstance(life, Starting) and life.worker.id in app.held:
                    state = app.templates[slot.generation].state
                    assert state is TemplateState.LOADING, f"{life.worker.id} waits for a template that is {state}"
        known_workers = {w.id for app in world.fleet.apps.values() for s in every_slot(app) if (w := worker_of(s))}
        assert set(world.processes) <= known_workers, f"forgotten: {set(world.processes) - known_workers}"
        deadline = deadline_of(world.fleet)
        if isinstance(event, Tick) and deadline is not None:
            assert deadline > world.now, f"a deadline that stays in the past: {deadline} at {world.now}"

    def _names_are_unique(self) -> None:
        numbers: list[int] = []
        for app in self.world.fleet.apps.values():
            places = [(slot.id, slot.generation, slot.side) for slot in every_slot(app)]
            assert len(places) == len(set(places)), f"two slots of one name: {places}"
            assert app.rollout or app.slots, f"{app.name} has lost its slots"
            assert app.slots.keys() <= app.numbers.keys(), f"slots of {app.name} without a number"
            numbers += app.numbers.values()
        assert len(numbers) == len(set(numbers)), f"one number for two slots: {numbers}"

    def _steps_are_waited_for(self) -> None:
        known = {name for name, app in self.world.fleet.apps.items() if app.step}
        assert known == set(self.world.steps), f"{known} wait for a command, {set(self.world.steps)} run one"

    def _jobs_run_alone(self) -> None:
        for name, app in self.world.fleet.apps.items():
            if app.job and not app.leaving:
                processes = [w for w in self.world.processes if w.slot.app == name]
                assert len(processes) <= (1 if app.job.run else 0), f"{processes} of {name}, {app.job}"

    def _templates_are_in_use(self, effects: list[Effect]) -> None:
        apps = self.world.fleet.apps
        for name, generation in self.world.templates:
            assert name in apps, f"the template of {name}, which is gone, is left"
            known = apps[name].templates.get(generation)
            assert known, f"the template of {name} generation {generation} is forgotten"
            assert known.state in (TemplateState.LOADING, TemplateState.WARM), f"a template that runs is {known.state}"
        for effect in effects:
            if isinstance(effect, StopTemplate) and effect.app in apps:
                app = apps[effect.app]
                wanted = any(slot.up and slot.generation == effect.generation for slot in app.slots.values())
                template = app.templates.get(effect.generation)
                restarted = template and template.state in (TemplateState.LOADING, TemplateState.GONE)
                assert not wanted or restarted, f"{effect} while its generation serves"

    def _connections_find_someone(self, name: str) -> None:
        sockets = self.world.sockets.get(name)
        app = self.world.fleet.apps[name]
        if sockets is None or not app.listening or app.opening:
            return
        serving = [p for p in self.world.processes.values() if p.worker.slot.app == name and p.serves]
        if not serving:
            return
        served = {p.listener for p in serving}
        steered = {listener for listener, weight in sockets.weights.items() if weight}
        assert steered, f"nothing of {name} is steered to: {sockets}\n{self.world.stuck()}"
        assert steered <= served, f"{name} steers to {steered}, where {served} serve"
        for effect, weights in self.weights:
            if effect.worker.slot.app == name and effect.worker in self.world.processes:
                listener = self.world.processes[effect.worker].listener
                assert not weights.get(listener), f"{effect.worker} is asked to end before it is steered away from"
        self._no_listener_is_left_alone(name, served)

    def _no_listener_is_left_alone(self, name: str, served: set[int]) -> None:
        sockets, processes = self.world.sockets[name], self.world.processes
        astray = [w for w in sockets.receivers if w not in processes or not processes[w].serves]
        assert not astray, f"connections of {name} are handed to {astray}: {sockets}\n{self.world.stuck()}"
        if not any(p.takes_connections and p.serves and p.worker.slot.app == name for p in processes.values()):
            return
        alone = set(range(2 * sockets.slots)) - served - sockets.tended
        assert not alone, f"listeners {alone} of {name} are served by nobody: {sockets}\n{self.world.stuck()}"
        assert not sockets.tended or sockets.receivers, f"what is tended of {name} goes to nobody"

    def _rollouts_keep_serving(self, event: Event) -> None:
        for name, floor in self.floor.items():
            serving = self.world.serving(name)
            assert len(serving) >= floor, f"{serving} of {name} serve, {floor} did, after {event}"
        for name, least in list(self.kept.items()):
            serving = self.world.serving(name)
            assert len(serving) >= least, f"{serving} of {name} serve, {least} did before the refresh, after {event}"
            if name not in self.world.fleet.apps or self.world.fleet.apps[name].refresh is None:
                del self.kept[name]
        for app in self.world.fleet.apps.values():
            for slot in every_slot(app):
                worker = worker_of(slot)
                if worker and worker.id in self.world.processes:
                    assert self.world.processes[worker.id].listener == listener_of(slot), f"{worker.id}: other listener"
