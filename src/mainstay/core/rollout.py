"""The replacing of an app's workers: gatekeeper, steer, drain; and back again when new code does not hold.

The first new worker is the gatekeeper: until it has been ready for a moment, no old one is touched. When a new worker
fails, the rollout ends, the new ones are stopped and the old generation serves on from its own template.
"""

from dataclasses import replace

from mainstay.core import steps
from mainstay.core.app import (
    SETTLE,
    App,
    Goal,
    Rollout,
    Style,
    TemplateState,
    Undo,
    Wait,
    is_gated,
    is_python,
    is_same,
)
from mainstay.core.effects import Facts, Outcome, Refusal
from mainstay.core.events import Stage, Token
from mainstay.core.recording import of_refusal
from mainstay.core.slot import EXITS_KEPT, Alive, Down, Finished, Running, Slot, Up, worker_of
from mainstay.core.turn import Turn
from mainstay.model.happening import Kind
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec, slots_wanted


def reload_style(spec: AppSpec) -> Style:
    """How workers of such an app can be replaced: with an overlap when they share our listeners."""
    return Style.OVERLAP if is_python(spec) or spec.binds else Style.ONE_BY_ONE


def begin(turn: Turn, spec: AppSpec, style: Style, token: Token, outcome: Outcome | Refusal, canary: int = 0) -> None:
    """Start to replace the app's workers by ones made from `spec`, or (`outcome` is a refusal) by those of before."""
    app = turn.app
    generation = app.last_generation + 1
    rebind = spec.binds != app.spec.binds
    pending = tuple(range(slots_wanted(spec.instances, turn.cores)))
    # All at once nothing old is left to serve on: where the new does not hold, what was declared before starts again.
    forward = style is Style.ALL_AT_ONCE and spec != app.spec and isinstance(outcome, Outcome)
    wait = Wait(token, Goal.ROLLED_OUT, frozenset(pending), outcome, before=app.spec if forward else None)
    turn.app = replace(
        app,
        last_generation=generation,
        specs=app.specs | {generation: spec},
        rollout=Rollout(generation, style, pending, canary=canary, rebind=rebind),
        waits=(*app.waits, wait),
    )
    text = f"rollout of generation {generation} begins ({style.value})"
    turn.record(text, Kind.ROLLOUT, {"generation": generation})
    if spec.before_start:
        steps.begin(turn, Stage.BEFORE_START, generation)
    else:
        prepare(turn)


def prepare(turn: Turn) -> None:
    """Import the new code, make room for its workers, and go on."""
    rollout = turn.app.rollout
    assert rollout is not None
    spec, generation = turn.spec_of(rollout.generation), rollout.generation
    if is_python(spec):
        turn.notify(f"importing {spec.name} once, as generation {generation}")
        turn.start_template(generation)
    if not rollout.rebind and 2 * len(rollout.pending) > turn.app.width:
        turn.listen(spec, len(rollout.pending))
    advance(turn)


def advance(turn: Turn) -> None:
    """Take the rollout as far as it can go now."""
    while (rollout := turn.app.rollout) is not None and _can_go_on(turn.app, rollout):
        match rollout.style:
            case Style.OVERLAP:
                moved = _overlap(turn, rollout)
            case Style.ONE_BY_ONE:
                moved = _one_by_one(turn, rollout)
            case Style.ALL_AT_ONCE:
                moved = _all_at_once(turn, rollout)
            case _:
                assert_never(rollout.style)
        if not moved:
            return


def fail(turn: Turn, refusal: Refusal, kind: Kind = Kind.RELOAD_REFUSED) -> None:
    """A new worker failed, or someone took the rollout back: end it, and undo what it did."""
    rollout = turn.app.rollout
    assert rollout is not None
    facts: Facts = {"generation": rollout.generation}
    text = f"rollout of generation {rollout.generation} is refused: {refusal.message}"
    turn.record(text, kind, facts | of_refusal(refusal))
    turn.app = replace(turn.app, opening=False)
    if turn.app.step and turn.app.step.generation == rollout.generation:
        steps.end(turn, "it was for nothing")
    turn.declare(turn.app.spec)  # the files have taken on the log options of the new ones
    for slot in rollout.fresh.values():
        leave(turn, slot)
    declared = slots_wanted(turn.app.spec.instances, turn.cores)
    for slot in tuple(turn.app.slots.values()):
        if slot.generation == rollout.generation and slot.id.index >= declared:
            leave(turn, slot)
    undo = tuple(index for index in rollout.accepted if index < declared)
    if rollout.style is Style.ONE_BY_ONE:
        undo += tuple(index for index in rollout.fresh if index not in undo)
        undo += tuple(slot.id.index for slot in turn.app.leaving if slot.id.index not in (*undo, *turn.app.slots))
        undo = tuple(index for index in undo if index < declared)
    if undo and rollout.style is not Style.ALL_AT_ONCE:
        back = Rollout(turn.app.generation, rollout.style, undo, back=True, reason=refusal)
        turn.app = replace(turn.app, rollout=back)
        turn.notify("putting the old workers back")
        advance(turn)
        return
    turn.app = replace(turn.app, rollout=None)
    _refuse_all(turn, refusal)


def abandon(turn: Turn, refusal: Refusal) -> None:
    """The app is stopped in the middle of a rollout: whatever serves counts, and all of it will be ended."""
    rollout = turn.app.rollout
    if rollout is None:
        return
    for slot in rollout.fresh.values():
        leave(turn, slot)
    app = turn.app
    missing = set(range(slots_wanted(app.spec.instances, turn.cores))) - app.slots.keys()
    back = {s.id.index: s for s in app.leaving if s.generation == app.generation and s.id.index in missing}
    empty = {index: turn.new_slot(index, app.generation, 0) for index in missing - back.keys()}
    leaving = tuple(slot for slot in app.leaving if back.get(slot.id.index) is not slot)  # a refreshed one left twice
    turn.app = replace(app, rollout=None, slots=app.slots | back | empty, leaving=leaving)
    _refuse_all(turn, refusal)


def proceed(turn: Turn, token: Token, outcome: Outcome) -> None:
    """Go on with a rollout that held as a canary."""
    rollout = turn.app.rollout
    assert rollout is not None
    assert rollout.holding
    text = f"rollout of generation {rollout.generation} goes on"
    turn.record(text, Kind.CANARY_CONTINUED, {"generation": rollout.generation})
    wait = Wait(token, Goal.ROLLED_OUT, frozenset(rollout.pending), outcome)
    turn.app = replace(turn.app, rollout=replace(rollout, holding=False, canary=0), waits=(*turn.app.waits, wait))
    advance(turn)


def leave(turn: Turn, slot: Slot) -> None:
    """Move a slot out of service and ask its worker to end."""
    app = turn.app
    slots = {i: s for i, s in app.slots.items() if not is_same(s, slot)}
    rollout = app.rollout
    if rollout and slot.generation == rollout.generation:
        rollout = replace(rollout, fresh={i: s for i, s in rollout.fresh.items() if i != slot.id.index})
    if rollout and len(slots) < len(app.slots):
        rollout = replace(rollout, past=rollout.past | {slot.id.index: slot})
    turn.app = replace(app, slots=slots, rollout=rollout, leaving=(*app.leaving, slot))
    turn.step(slot, Down())
    turn.drop_rested()


def is_past_return(app: App) -> bool:
    """Whether everything old has been asked to end, so that the only way is forward."""
    return app.rollout is not None and app.rollout.style is Style.ALL_AT_ONCE and not app.slots


def verb(rollout: Rollout) -> str:
    """What people asked for."""
    return "restart" if rollout.style is Style.ALL_AT_ONCE else "reload"


def _holds(turn: Turn, rollout: Rollout, slot: Slot) -> bool:
    """Whether a new worker may take the place of what was there: the first one only after a moment."""
    settled = not is_gated(rollout) or (isinstance(slot.life, Running) and turn.now >= slot.life.since + SETTLE)
    return isinstance(slot.life, Running) and settled


def _can_go_on(app: App, rollout: Rollout) -> bool:
    if rollout.holding or app.opening or app.step:
        return False
    if not is_python(app.specs[rollout.generation]) or rollout.back:
        return True
    if rollout.fresh or not rollout.pending or is_past_return(app):
        return True
    template = app.templates.get(rollout.generation)
    return template is not None and template.state in (TemplateState.WARM, TemplateState.COLD)


def _overlap(turn: Turn, rollout: Rollout) -> bool:
    spec = turn.spec_of(rollout.generation)
    gate = is_gated(rollout)
    for index, slot in rollout.fresh.items():
        if rollout.back and not isinstance(slot.life, Alive):
            _give_up_on(turn, slot)
            return True
        if _holds(turn, rollout, slot):
            if gate and rollout.canary:
                _hold(turn, rollout)
                return False
            _accept(turn, index)
            return True
    if rollout.pending and len(rollout.fresh) < (1 if gate else spec.parallel):
        index = rollout.pending[0]
        if not _is_leaving(turn.app, index, rollout.generation):
            old = turn.app.slots.get(index)
            _start_fresh(turn, rollout, index, 1 - old.side if old else 0)
            return True
    if not rollout.pending and not rollout.fresh:
        _finish(turn)
    return False


def _one_by_one(turn: Turn, rollout: Rollout) -> bool:
    for index, slot in rollout.fresh.items():
        if rollout.back or isinstance(slot.life, Finished) or _holds(turn, rollout, slot):
            _accept(turn, index)
            return True
    if rollout.pending and not rollout.fresh:
        index = rollout.pending[0]
        old = turn.app.slots.get(index)
        if old:
            leave(turn, old)
            return True
        if not any(slot.id.index == index for slot in turn.app.leaving):
            _start_fresh(turn, rollout, index, 0)
            return True
    if not rollout.pending and not rollout.fresh:
        _finish(turn)
    return False


def _all_at_once(turn: Turn, rollout: Rollout) -> bool:
    spec = turn.spec_of(rollout.generation)
    if rollout.rebind:
        turn.app = replace(turn.app, rollout=replace(rollout, rebind=False))
        turn.listen(spec, len(rollout.pending))
        return True
    if not spec.binds:
        turn.unlisten()
    for slot in tuple(turn.app.slots.values()):
        leave(turn, slot)
    if turn.app.leaving:
        return False
    app = turn.app
    past = app.rollout.past if app.rollout else {}
    app = replace(app, rollout=None, generation=rollout.generation)
    empty = {index: turn.new_slot(index, rollout.generation, 0) for index in rollout.pending}
    slots = {index: heir(slot, past.get(index), 1) for index, slot in empty.items()}
    turn.app = replace(app, slots=slots)
    for slot in slots.values():
        turn.step(slot, Up())
    waits = [replace(w, goal=Goal.STARTED, undo=Undo.NOTHING) if w.goal is Goal.ROLLED_OUT else w for w in app.waits]
    turn.app = replace(turn.app, waits=tuple(waits))
    return False


def _is_leaving(app: App, index: int, generation: int) -> bool:
    return any(slot.id.index == index and slot.generation == generation for slot in app.leaving)


def _start_fresh(turn: Turn, rollout: Rollout, index: int, side: int) -> None:
    slot = heir(turn.new_slot(index, rollout.generation, side), rollout.past.get(index))
    fresh = rollout.fresh | {index: slot}
    pending = tuple(i for i in rollout.pending if i != index)
    turn.app = replace(turn.app, rollout=replace(rollout, fresh=fresh, pending=pending))
    turn.step(slot, Up())


def _accept(turn: Turn, index: int) -> None:
    rollout = turn.app.rollout
    assert rollout is not None
    fresh = rollout.fresh[index]
    old = turn.app.slots.get(index)
    if old:
        leave(turn, old)
        fresh = heir(fresh, old)
    rollout = replace(
        rollout,
        fresh={i: s for i, s in rollout.fresh.items() if i != index},
        accepted=(*rollout.accepted, index),
    )
    turn.app = replace(turn.app, rollout=rollout, slots=turn.app.slots | {index: fresh})
    worker = worker_of(fresh)
    done, of = len(rollout.accepted), len(rollout.accepted) + len(rollout.pending) + len(rollout.fresh)
    turn.notify(f"{worker.id if worker else fresh.id} serves ({done} of {of})")


def _give_up_on(turn: Turn, slot: Slot) -> None:
    """What was to be put back does not hold: what serves in its place, if anything does, is better."""
    new = turn.app.slots.get(slot.id.index)
    if new and isinstance(new.life, Running):
        turn.record(f"{slot.id} stays in generation {new.generation}: generation {slot.generation} does not hold")
        leave(turn, slot)
    else:
        _accept(turn, slot.id.index)


def heir(slot: Slot, old: Slot | None, restarts: int = 0) -> Slot:
    """The slot with the history of the one whose place it takes."""
    if old is None:
        return slot
    return replace(slot, restarts=old.restarts + restarts, exits=(*old.exits, *slot.exits)[-EXITS_KEPT:])


def _hold(turn: Turn, rollout: Rollout) -> None:
    turn.app = replace(turn.app, rollout=replace(rollout, holding=True))
    text = f"generation {rollout.generation} holds as a canary with {rollout.canary} % of new connections"
    turn.record(text, Kind.CANARY, {"generation": rollout.generation, "share": rollout.canary})
    for wait in turn.app.waits:
        if wait.goal is Goal.ROLLED_OUT and isinstance(wait.outcome, Outcome):
            message = f"holds with {rollout.canary} % of new connections on generation {rollout.generation}"
            turn.answer(wait, replace(wait.outcome, outcome="canary", message=message))


def _finish(turn: Turn) -> None:
    rollout = turn.app.rollout
    assert rollout is not None
    if rollout.back:
        turn.app = replace(turn.app, rollout=None)
        _refuse_all(turn, rollout.reason or Refusal(f"cannot reload {turn.app.name}"))
        return
    spec = turn.spec_of(rollout.generation)
    wanted = slots_wanted(spec.instances, turn.cores)
    turn.share(spec, turn.app.spec.privileges)
    turn.app = replace(turn.app, rollout=None, generation=rollout.generation)
    for slot in tuple(turn.app.slots.values()):
        if slot.id.index >= wanted:
            leave(turn, slot)
    turn.record(f"generation {rollout.generation} serves", Kind.RELOAD, {"generation": rollout.generation})


def _refuse_all(turn: Turn, refusal: Refusal) -> None:
    waits = [replace(wait, outcome=refusal) if wait.goal is Goal.ROLLED_OUT else wait for wait in turn.app.waits]
    turn.app = replace(turn.app, waits=tuple(waits))
