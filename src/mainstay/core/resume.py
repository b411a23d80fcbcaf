"""A daemon that takes over: what becomes of the fleet that the one before it wrote down, and what must be done again.

What was decided is in the fleet; what was done about it may or may not have happened. So every effect that can be had
twice without harm is asked for again, and for the rest the daemon says what it has found.
"""

from dataclasses import dataclass, replace

from mainstay.core import facts
from mainstay.core.app import App, Template, TemplateState, every_slot, indexes, is_python
from mainstay.core.effects import Effect, KillTree, RunStep, StartTemplate, StopStep, StopTemplate, Terminate, Unlisten
from mainstay.core.events import Ended, Request, Spawned, StepEnded, TemplateEnded, Token
from mainstay.core.fleet import UNATTENDED, Crossing, Fleet, with_app
from mainstay.core.slot import Alive, Killing, Slot, Starting, Stopped, Stopping, worker_of
from mainstay.core.turn import Turn
from mainstay.model.exits import Unstarted, Vanished
from mainstay.model.ids import WorkerId


@dataclass(frozen=True, slots=True)
class Process:
    """One that runs: with its start, in clock ticks since boot, the pid is nobody else's."""

    pid: int
    start: int


@dataclass(frozen=True, slots=True)
class Found:
    """What still runs of what was written down: workers by token, templates by app and generation."""

    workers: dict[str, Process]
    templates: frozenset[tuple[str, int]] = frozenset()
    coming: frozenset[str] = frozenset()
    """Workers, by token, of which their template will say whether it has forked them."""
    steps: frozenset[str] = frozenset()
    """Apps of which the command of a stage still runs."""


def after_shutdown(fleet: Fleet) -> Fleet:
    """The fleet when nothing of it can run any more: all at rest, and what was up is remembered, to be revived."""
    rested = replace(fleet, pending={}, held=(), killing=None, deadlines={})
    for app in fleet.apps.values():
        rested = with_app(rested, _at_rest(app))
    return rested


def _at_rest(app: App) -> App:
    up = frozenset(index for index, slot in app.slots.items() if slot.up)
    pending = app.rollout.pending if app.rollout else ()
    slots = {
        index: replace(app.slots.get(index) or _empty(app, index), up=False, life=Stopped(), generation=app.generation)
        for index in sorted(indexes(app))
        if index in app.slots or index in pending
    }
    rested = App(app.name, app.generation, app.last_generation, {app.generation: app.spec}, slots)
    job = replace(app.job, on=False, run=None, queued=None) if app.job else None
    due = frozenset((0,)) if app.job and app.job.on else frozenset()
    return replace(
        rested,
        numbers=app.numbers,
        interface=app.interface,
        serial=app.serial,
        job=job,
        revive=(due or app.revive) if app.job else up | app.revive | frozenset(pending),
    )


def _empty(app: App, index: int) -> Slot:
    return Turn(app, 0.0, 1).new_slot(index, app.generation, 0)


def take_over(fleet: Fleet, found: Found, now: float) -> tuple[Fleet, list[Effect]]:
    """The fleet as it is, and what the daemon must do, in order. Nobody waits for an answer any more."""
    crossing = Crossing(unattended(fleet), now)
    crossing.effects += [StopTemplate(*key) for key in sorted(found.templates) if not _is_known(fleet, *key)]
    for name in fleet.apps:
        crossing.turn(name, lambda turn: _resume(turn, found))
    crossing.finish()
    return crossing.fleet, crossing.effects


def unattended(fleet: Fleet) -> Fleet:
    """The fleet without anybody who waits for a reply: its requests go on, by names that no new one will have."""
    tokens = {*fleet.pending, *(held.request.token for held in fleet.held)}
    for app in fleet.apps.values():
        tokens |= {*(wait.token for wait in app.waits), *(request.token for request in app.queue)}
        tokens |= {*(app.job.run.tokens if app.job and app.job.run else ()), *((app.job and app.job.queued) or ())}
    least = min((UNATTENDED, *tokens))
    names = {token: token if token <= UNATTENDED else least - 1 - token for token in tokens}
    return replace(
        fleet,
        apps={name: _renamed(app, names) for name, app in fleet.apps.items()},
        pending={names[token]: pending for token, pending in fleet.pending.items()},
        held=tuple(replace(held, request=_under(held.request, names)) for held in fleet.held),
    )


def _renamed(app: App, names: dict[Token, Token]) -> App:
    job = app.job
    if job and job.run:
        job = replace(job, run=replace(job.run, tokens=tuple(names[token] for token in job.run.tokens)))
    if job and job.queued:
        job = replace(job, queued=tuple(names[token] for token in job.queued))
    waits = tuple(replace(wait, token=names[wait.token]) for wait in app.waits)
    return replace(app, waits=waits, queue=tuple(_under(request, names) for request in app.queue), job=job)


def _under(request: Request, names: dict[Token, Token]) -> Request:
    return replace(request, token=names[request.token])


def _is_known(fleet: Fleet, name: str, generation: int) -> bool:
    template = fleet.apps[name].templates.get(generation) if name in fleet.apps else None
    return template is not None and template.state in (TemplateState.LOADING, TemplateState.WARM)


def _resume(turn: Turn, found: Found) -> None:
    turn.app = replace(turn.app, accepting=frozenset())
    turn.afresh = True
    app = turn.app
    if app.opening or app.listening:
        moved = app.rollout is not None and not app.rollout.rebind
        spec = turn.spec_of(app.rollout.generation) if app.rollout and moved else app.spec
        turn.listen_again(spec)
    else:
        turn.effects.append(Unlisten(app.name))
    for generation, template in app.templates.items():
        if (app.name, generation) not in found.templates:
            _without_template(turn, generation, template)
    _resume_step(turn, found)
    for slot in tuple(every_slot(turn.app)):
        _resume_slot(turn, slot, found)


def _without_template(turn: Turn, generation: int, template: Template) -> None:
    """It ended with the daemon, or while nobody looked."""
    if template.state is TemplateState.LOADING:
        spec = turn.spec_of(generation)
        turn.set_template(generation, replace(template, deadline=turn.now + spec.start_timeout))
        turn.effects.append(StartTemplate(turn.app.name, generation, spec))
    elif template.state is TemplateState.WARM:
        facts.handle(turn, TemplateEnded(turn.app.name, generation, "it ended while no one was looking"))


def _resume_step(turn: Turn, found: Found) -> None:
    """A command that ran goes on, or is run once more: of one that has ended nobody knows how."""
    step, name = turn.app.step, turn.app.name
    if step is None:
        return
    if name not in found.steps and step.over:
        facts.handle(turn, StepEnded(name, step.generation, step.stage, Unstarted(step.over)))
    elif name not in found.steps:
        turn.effects.append(RunStep(name, step.generation, step.stage, turn.spec_of(step.generation)))
    elif step.over:
        turn.effects.append(StopStep(name))


def _resume_slot(turn: Turn, slot: Slot, found: Found) -> None:
    worker = worker_of(slot)
    if worker is None or worker.id in turn.app.held or worker.id.token in found.coming:
        return
    process = found.workers.get(worker.id.token)
    if process is None:
        _without_process(turn, slot, worker.id, worker.pid)
        return
    if not worker.pid:
        slot = turn.step(slot, Spawned(worker.id, process.pid, process.start))
    match slot.life:
        case Killing():
            turn.effects.append(KillTree(worker.id))
        case Stopping() if is_python(turn.spec_of(slot.generation)):  # it takes no notice of a second time
            turn.effects.append(Terminate(worker.id, turn.spec_of(slot.generation).stop_signal, tree=False))
        case _:
            return


def _without_process(turn: Turn, slot: Slot, worker: WorkerId, pid: int) -> None:
    assert isinstance(slot.life, Alive)
    if isinstance(slot.life, Starting) and (not pid or is_python(turn.spec_of(worker.generation))):
        # One of our runtime that had been started has left by itself: nobody was there to tell it to accept.
        anew = replace(slot.life, worker=replace(slot.life.worker, pid=0, born=0))
        turn.put(replace(slot, life=anew))
        turn.start_again(worker)
    elif pid:
        facts.handle(turn, Ended(worker, Vanished()))
    else:
        facts.handle(turn, Ended(worker, Unstarted("it had not been started")))
