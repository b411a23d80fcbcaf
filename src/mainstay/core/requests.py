"""What people ask of one app, turned into steps. Operations on one app queue; stop and delete do not wait."""

from dataclasses import replace

from mainstay.core import rollout, steps
from mainstay.core.app import App, Goal, Style, Undo, Wait, has_processes, indexes, is_down, is_preparing, is_python
from mainstay.core.effects import Outcome, Refusal
from mainstay.core.events import Stage, Token
from mainstay.core.plan import Way, compare, keep_ambient, way_of
from mainstay.core.slot import Again, Backoff, Down, Slot, Up, at_rest
from mainstay.core.turn import Turn
from mainstay.model.happening import Kind
from mainstay.model.spec import AppSpec, EnvLayer, slots_wanted


def apply(turn: Turn, token: Token, spec: AppSpec, reload: bool) -> None:
    """Make `spec` true for an app that exists, in the gentlest way."""
    changes = compare(turn.app.spec, spec)
    way = way_of(changes)
    shown = tuple(str(change) for change in changes if change.way)
    if is_down(turn.app):
        before = turn.app.spec
        turn.app = replace(turn.app, specs=turn.app.specs | {turn.app.generation: spec})
        start(turn, token, None, Outcome(turn.app.name, "started", shown), before=before)
    elif way is Way.RESTART:
        rollout.begin(turn, spec, Style.ALL_AT_ONCE, token, Outcome(turn.app.name, "changed", shown))
    elif way is Way.ROLLING or reload:
        outcome = Outcome(turn.app.name, "changed" if shown else "reloaded", shown)
        rollout.begin(turn, spec, rollout.reload_style(spec), token, outcome)
    elif way is Way.LIVE:
        kept = keep_ambient(turn.app.spec, spec)
        _change_live(turn, token, kept, Outcome(turn.app.name, "changed", shown))
    else:
        kept = keep_ambient(turn.app.spec, spec)
        turn.app = replace(turn.app, specs=turn.app.specs | {turn.app.generation: kept})
        start(turn, token, None, Outcome(turn.app.name, "started"))


def _change_live(turn: Turn, token: Token, spec: AppSpec, outcome: Outcome) -> None:
    before = turn.app.spec
    turn.declare(spec)
    resize(turn, token, before, outcome)


def start(
    turn: Turn,
    token: Token,
    slots: frozenset[int] | None,
    outcome: Outcome,
    undo: Undo = Undo.STOP,
    *,
    before: AppSpec | None = None,
) -> None:
    """Bring slots up (all when None); a whole app that was down takes the code as it is now.

    `before`: what is declared again when that fails.
    """
    app = turn.app
    if is_down(app):
        new_generation(turn)
        wanted = frozenset(range(slots_wanted(app.spec.instances, turn.cores))) if slots is None else slots
        wait = Wait(token, Goal.STARTED, wanted, outcome, undo, before)
        turn.app = replace(turn.app, waits=(*turn.app.waits, wait))
        if app.spec.before_start:
            steps.begin(turn, Stage.BEFORE_START, turn.app.generation)
        else:
            open_up(turn)
        return
    wanted = frozenset(app.slots) if slots is None else slots & app.slots.keys()
    down = [index for index in sorted(wanted) if _is_to_start(app.slots[index])]
    if not down:
        outcome = replace(outcome, outcome="unchanged")
    wait = Wait(token, Goal.STARTED, frozenset(down), outcome, Undo.NOTHING)
    turn.app = replace(app, waits=(*app.waits, wait))
    for index in down:
        turn.step(turn.app.slots[index], Up())


def _is_to_start(slot: Slot) -> bool:
    return not slot.up or at_rest(slot) or isinstance(slot.life, Backoff)


def new_generation(turn: Turn) -> None:
    """Empty slots of a generation that takes the code as it is now."""
    app = turn.app
    generation = app.last_generation + 1
    specs = app.specs | {generation: app.spec}
    count = slots_wanted(app.spec.instances, turn.cores)
    turn.app = replace(app, generation=generation, last_generation=generation, specs=specs)
    old = app.slots
    slots = {index: turn.new_slot(index, generation, 0) for index in range(count)}
    kept = {
        index: replace(slot, restarts=old[index].restarts, exits=old[index].exits) if index in old else slot
        for index, slot in slots.items()
    }
    turn.app = replace(turn.app, slots=kept)


def open_up(turn: Turn) -> None:
    """Nothing goes before the first worker any more: listen, then start the slots."""
    app = turn.app
    if app.spec.binds and not app.listening:
        turn.listen(app.spec, slots_wanted(app.spec.instances, turn.cores))
    else:
        bring_up(turn)


def bring_up(turn: Turn) -> None:
    """The listeners are there: start the slots that a request waits for."""
    if is_python(turn.app.spec):
        turn.notify(f"importing {turn.app.name}")
    wanted = {index for wait in turn.app.waits if wait.goal is Goal.STARTED for index in wait.slots}
    for index in sorted(wanted & turn.app.slots.keys()):
        turn.step(turn.app.slots[index], Up())


def stop(
    turn: Turn, token: Token, slots: frozenset[int] | None, *, delete: bool = False, result: Refusal | None = None
) -> None:
    """Take slots down (all when None), whatever is under way; with `delete`, forget the app after that.

    `result` is what the request is answered with, in place of having stopped.
    """
    app = turn.app
    whole = slots is None or slots >= indexes(app)
    was = "deleted" if delete else "stopped"
    if whole:
        refusal = Refusal(f"cannot go on with {app.name}: it was {was} meanwhile")
        rollout.abandon(turn, refusal)
        for wait in turn.app.waits:
            if wait.goal in (Goal.STARTED, Goal.ROLLED_OUT):
                turn.answer(wait, refusal)
        if result is None:
            turn.answers += [(request.token, refusal) for request in turn.app.queue]
            turn.app = replace(turn.app, queue=())
        turn.app = replace(turn.app, opening=False)
    turn.app = replace(turn.app, revive=turn.app.revive - (indexes(turn.app) if whole else slots or frozenset()))
    preparing = is_preparing(app)
    if whole and preparing:
        steps.end(turn, f"it was {was} meanwhile")
    targets = indexes(turn.app) if whole else slots or frozenset()
    up = any(turn.app.slots[i].up for i in targets if i in turn.app.slots) or has_processes(turn.app)
    told = up or delete or preparing
    outcome = Outcome(app.name, was if told else "unchanged", message="" if told else "was stopped")
    goal = Goal.DELETED if delete else Goal.STOPPED
    wait = Wait(token, goal, targets, result or outcome, closes=up and result is None)
    turn.app = replace(turn.app, waits=(*turn.app.waits, wait))
    for index in sorted(targets & turn.app.slots.keys()):
        turn.step(turn.app.slots[index], Down())


def rest(turn: Turn, token: Token) -> None:
    """End the whole app, and remember which slots were up: the daemon is about to end, and they are to come back."""
    up = frozenset(index for index in indexes(turn.app) if _is_wanted_up(turn.app, index)) or turn.app.revive
    stop(turn, token, None)
    turn.app = replace(turn.app, revive=up)


def _is_wanted_up(app: App, index: int) -> bool:
    slot = app.slots.get(index)
    return slot.up if slot else app.rollout is not None  # a rollout has taken the old one away and brings a new one


def restart(turn: Turn, token: Token, slots: frozenset[int] | None, shell: EnvLayer | None) -> None:
    """End workers and start new ones: a whole app with its code as it is now, single slots with what serves."""
    app = turn.app
    outcome = Outcome(app.name, "restarted")
    if is_down(app):
        turn.app = replace(app, specs=app.specs | {app.generation: with_shell(app.spec, shell)})
        start(turn, token, slots, outcome)
    elif slots is None or (slots >= app.slots.keys() and len(app.slots) > 1):
        rollout.begin(turn, with_shell(app.spec, shell), Style.ALL_AT_ONCE, token, outcome)
    else:
        slots = frozenset(slots & app.slots.keys())
        turn.app = replace(app, waits=(*app.waits, Wait(token, Goal.STARTED, slots, outcome)))
        for index in sorted(slots):
            turn.step(turn.app.slots[index], Again())


def reload(turn: Turn, token: Token, canary: int, shell: EnvLayer | None) -> None:
    """Replace every worker with no gap."""
    app = turn.app
    style = rollout.reload_style(app.spec)
    if canary and (style is not Style.OVERLAP or not app.spec.binds):
        refusal = Refusal(f"cannot reload {app.name} as a canary: its listeners are not ours to steer", exit_code=2)
        turn.answers.append((token, refusal))
    elif is_down(app):
        turn.app = replace(app, specs=app.specs | {app.generation: with_shell(app.spec, shell)})
        start(turn, token, None, Outcome(app.name, "started", message="it was stopped"))
    else:
        rollout.begin(turn, with_shell(app.spec, shell), style, token, Outcome(app.name, "reloaded"), canary)


def decide(turn: Turn, token: Token, proceed: bool) -> None:
    """Go on with the canary that holds, or take it back."""
    app = turn.app
    if app.rollout is None or not app.rollout.holding:
        turn.answers.append((token, Refusal(f"cannot decide on {app.name}: no canary holds", exit_code=2)))
    elif proceed:
        rollout.proceed(turn, token, Outcome(app.name, "reloaded"))
    else:
        generation = app.rollout.generation
        taken_back = Refusal(f"the rollout of generation {generation} of {app.name} was taken back")
        rollout.fail(turn, taken_back, Kind.CANARY_ABORTED)
        message = f"generation {generation} was taken back"
        targets = frozenset(app.rollout.fresh)
        wait = Wait(token, Goal.ROLLED_OUT, targets, Outcome(app.name, "aborted", message=message))
        turn.app = replace(turn.app, waits=(*turn.app.waits, wait))


def scale(turn: Turn, token: Token, to: str) -> None:
    """Change the number of slots; the highest ones go first."""
    app = turn.app
    wanted = _wanted(to, len(app.slots), turn.cores)
    if wanted is None:
        refusal = Refusal(
            f"cannot scale {app.name} to {to}", "give a number of at least 1, or +N, -N, max", exit_code=2
        )
        turn.answers.append((token, refusal))
        return
    change = f"instances {len(app.slots)} -> {wanted}"
    outcome = Outcome(app.name, "scaled", (change,)) if wanted != len(app.slots) else Outcome(app.name, "unchanged")
    spec = replace(app.spec, instances=0 if to in ("0", "max") else wanted)
    before = app.spec
    turn.app = replace(app, specs=app.specs | {app.generation: spec})
    resize(turn, token, before, outcome)


def _wanted(to: str, now: int, cores: int) -> int | None:
    if to in ("0", "max"):
        return slots_wanted(0, cores)
    sign, digits = (to[0], to[1:]) if to[:1] in ("+", "-") else ("", to)
    if not digits.isdecimal() or len(digits) > 4:
        return None
    wanted = {"": 0, "+": now, "-": now}[sign] + (-int(digits) if sign == "-" else int(digits))
    return wanted if 1 <= wanted <= 1000 else None


def resize(turn: Turn, token: Token, before: AppSpec, outcome: Outcome) -> None:
    """Bring the number of slots to what the spec says; answered when all are up and the others gone."""
    app = turn.app
    wanted = slots_wanted(app.spec.instances, turn.cores)
    down = is_down(app)
    new = [turn.new_slot(index, app.generation, 0) for index in range(wanted) if index not in app.slots]
    gone = [slot for index, slot in app.slots.items() if index >= wanted]
    goal, undo = (Goal.STARTED, Undo.UNSCALE) if new else (Goal.STOPPED, Undo.NOTHING)
    slots = frozenset(s.id.index for s in (new or gone))
    if down:
        kept = {index: slot for index, slot in app.slots.items() if index < wanted}
        turn.app = replace(app, slots=kept | {slot.id.index: slot for slot in new})
        turn.answers.append((token, outcome))
        return
    wait = Wait(token, goal, slots, outcome, undo, before)
    turn.app = replace(app, slots=app.slots | {s.id.index: s for s in new}, waits=(*app.waits, wait))
    for slot in gone:
        rollout.leave(turn, slot)
    if new and app.spec.binds and 2 * wanted > app.width:
        turn.listen(app.spec, wanted)
        return
    for slot in new:
        turn.step(slot, Up())


def with_shell(spec: AppSpec, shell: EnvLayer | None) -> AppSpec:
    """The spec with the caller's shell as it is now, where it had one before."""
    if shell is None or not any(layer.source == "shell" for layer in spec.env):
        return spec
    return replace(spec, env=tuple(shell if layer.source == "shell" else layer for layer in spec.env))
