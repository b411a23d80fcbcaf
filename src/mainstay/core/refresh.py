"""The replacing of a single worker by another of its generation: it is unhealthy, too large, or old.

The new one is up and ready before the old one is asked to go, so that never fewer serve; what binds by itself has to
end first. One slot of an app at a time. When the new one fails, the old one serves on, and it is tried again later.
Whatever people ask for goes first: then the new one is given up, and begun anew when all is quiet.
"""

from dataclasses import replace

from mainstay.core.app import App, Refresh, Style, Unfitness, every_slot, is_same, old_at, refreshable
from mainstay.core.events import Cause, Ended, Unfit
from mainstay.core.policy import SOON, rest_before, retry_after
from mainstay.core.recording import of_worker
from mainstay.core.rollout import heir, leave, reload_style
from mainstay.core.slot import EXITS_KEPT, Exit, Killing, Renew, Running, Slot, Starting, Stopping, Up, worker_of
from mainstay.core.turn import Turn
from mainstay.model.happening import Kind
from mainstay.model.ids import WorkerId


def want(turn: Turn, fact: Unfit) -> None:
    """A worker should be replaced, as soon as that can be."""
    slot = next((s for s in every_slot(turn.app) if _serves(s, fact.worker)), None)
    known = any((one.worker, one.cause) == (fact.worker, fact.cause) for one in turn.app.unfit)
    if slot is None or known or turn.app.job:  # the run of a job is not begun anew in the middle
        return
    assert isinstance(slot.life, Running)
    kind = {Cause.HEALTH: Kind.UNHEALTHY, Cause.MEMORY: Kind.OVER_LIMIT, Cause.AGE: Kind.NOTE}[fact.cause]
    told = of_worker(fact.worker) | {"reason": fact.reason}
    turn.record(f"{fact.worker} is to be replaced: {fact.reason}", kind, told)
    at = max(turn.now, slot.life.since + rest_before(fact.cause, slot.replaced))
    unfit = Unfitness(fact.worker, fact.cause, fact.reason, at)
    turn.app = replace(turn.app, unfit=(*turn.app.unfit, unfit))


def recover(turn: Turn, worker: WorkerId) -> None:
    """A worker is well again, and need not go for its health."""
    left = tuple(one for one in turn.app.unfit if (one.worker, one.cause) != (worker, Cause.HEALTH))
    if left != turn.app.unfit:
        turn.record(f"{worker} is well again", Kind.RECOVERED, of_worker(worker))
        turn.app = replace(turn.app, unfit=left)


def advance(turn: Turn) -> None:
    """Find what has got old, forget what was to be refreshed and serves no more, and go on with the rest."""
    _see_ages(turn)
    app = turn.app
    if not app.unfit and app.refresh is None:
        return
    serve = {slot.life.worker.id for slot in every_slot(app) if isinstance(slot.life, Running)}
    turn.app = replace(app, unfit=tuple(one for one in app.unfit if one.worker in serve))
    if turn.app.refresh:
        _go_on(turn, turn.app.refresh)
    for one in refreshable(turn.app):
        if one.at <= turn.now:
            _begin(turn, one)
            return


def give_way(turn: Turn) -> None:
    """Give up the worker that was to take another one's place; that one serves on."""
    refresh = turn.app.refresh
    if refresh and refresh.fresh:
        fresh = refresh.fresh
        turn.app = replace(turn.app, refresh=None)
        leave(turn, fresh)


def is_fresh(app: App, slot: Slot) -> bool:
    """Whether this is the slot of a worker that is to take another one's place."""
    return app.refresh is not None and app.refresh.fresh is not None and is_same(app.refresh.fresh, slot)


def failed(turn: Turn, fresh: Slot, fact: Ended) -> None:
    """The new worker has ended: the old one stays, and another try is made later."""
    refresh = turn.app.refresh
    assert refresh is not None
    last = turn.step(replace(fresh, up=False), fact).exits[-1]
    turn.app = replace(turn.app, refresh=None)
    turn.record(f"{fact.worker} (pid {last.pid}) ended: {last.ending}; what it was to replace serves on")
    old = turn.app.slots.get(fresh.id.index)
    if old is None:
        return
    turn.put(replace(old, exits=(*old.exits, last)[-EXITS_KEPT:]))
    tries = _tries(turn.app, refresh.worker) + 1
    at = turn.now + retry_after(turn.spec_of(fresh.generation).restart, old.tries + tries, fact.chance)
    again = [replace(one, tries=tries, at=at) if one.worker == refresh.worker else one for one in turn.app.unfit]
    turn.app = replace(turn.app, unfit=tuple(again))


def keep_exit(turn: Turn, slot: Slot, last: Exit) -> None:
    """Let the history of a slot tell of the worker that was replaced there."""
    now = turn.app.slots.get(slot.id.index)
    if last.why and now and not is_same(now, slot) and now.generation == slot.generation:
        turn.put(replace(now, exits=(*now.exits, last)[-EXITS_KEPT:]))


def _see_ages(turn: Turn) -> None:
    for slot in turn.app.slots.values():
        at = old_at(turn.app, slot)
        if at is not None and turn.now >= at:
            assert isinstance(slot.life, Running)
            lifetime = turn.spec_of(slot.generation).limits.lifetime
            want(turn, Unfit(slot.life.worker.id, Cause.AGE, f"it has lived for its {lifetime:g} s"))


def _serves(slot: Slot, worker: WorkerId) -> bool:
    return isinstance(slot.life, Running) and slot.life.worker.id == worker


def _begin(turn: Turn, unfit: Unfitness) -> None:
    worker = unfit.worker
    old = turn.app.slots[worker.slot.index]
    assert isinstance(old.life, Running)
    fault = unfit.cause is not Cause.AGE
    in_a_row = old.replaced + 1 if fault and turn.now - old.life.since < SOON else int(fault)
    refresh = Refresh(worker, unfit.reason)
    if reload_style(turn.spec_of(worker.generation)) is not Style.OVERLAP:
        turn.app = replace(turn.app, refresh=refresh)
        turn.step(replace(old, replaced=in_a_row), Renew(unfit.reason))
        return
    fresh = replace(turn.new_slot(old.id.index, old.generation, 1 - old.side), replaced=in_a_row)
    turn.app = replace(turn.app, refresh=replace(refresh, fresh=fresh))
    turn.step(fresh, Up())
    turn.put(replace(old, serial=turn.app.serial))  # should it end now: its next worker is not named like the new one


def _go_on(turn: Turn, refresh: Refresh) -> None:
    old = turn.app.slots.get(refresh.worker.slot.index)
    if refresh.fresh is None:
        over = old is None or not old.up or not isinstance(old.life, Starting | Stopping | Killing)
        turn.app = replace(turn.app, refresh=None if over else refresh)
    elif old is None or not old.up or turn.app.rollout or not _is_wanted(turn.app, refresh.worker):
        give_way(turn)
    elif isinstance(refresh.fresh.life, Running):
        _accept(turn, refresh, old, refresh.fresh)


def _is_wanted(app: App, worker: WorkerId) -> bool:
    return any(one.worker == worker for one in app.unfit)


def _tries(app: App, worker: WorkerId) -> int:
    return max((one.tries for one in app.unfit if one.worker == worker), default=0)


def _accept(turn: Turn, refresh: Refresh, old: Slot, fresh: Slot) -> None:
    """The new worker serves, and the old one goes."""
    tries = old.tries + _tries(turn.app, refresh.worker)
    new = replace(heir(fresh, old, 1), tries=tries)
    unfit = tuple(one for one in turn.app.unfit if one.worker != refresh.worker)
    turn.app = replace(turn.app, refresh=None, unfit=unfit, slots=turn.app.slots | {old.id.index: new})
    before, after = worker_of(old), worker_of(new)
    if before and after:
        turn.record(f"{old.id}: pid {after.pid} takes the place of pid {before.pid}: {refresh.reason}")
    leave(turn, replace(old, why=refresh.reason))
