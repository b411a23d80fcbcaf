"""What happens to one app, from its processes, templates and listeners; and when waiting requests are answered."""

from dataclasses import replace

from mainstay.core import refresh, requests, rollout, steps
from mainstay.core.app import (
    Goal,
    Style,
    Template,
    TemplateState,
    Undo,
    Wait,
    every_slot,
    has_come_to_rest,
    has_processes,
    slot_of,
)
from mainstay.core.effects import Facts, Refusal, StopTemplate
from mainstay.core.events import (
    Armed,
    BecameReady,
    Due,
    Ended,
    Extend,
    Fact,
    ListenFailed,
    Listening,
    NeverBegun,
    NotYet,
    Recovered,
    Spawned,
    Stage,
    StepEnded,
    Stuck,
    TemplateEnded,
    TemplateLoaded,
    Tick,
    Unfit,
)
from mainstay.core.policy import STABLE_AFTER, should_restart
from mainstay.core.recording import of_exit, of_refusal, of_worker
from mainstay.core.slot import Backoff, Exit, Failed, Finished, Killing, Running, Slot, Starting, Stopping, at_rest
from mainstay.core.turn import Turn
from mainstay.model.exits import Exited, Unstarted, shell_code
from mainstay.model.happening import Kind
from mainstay.model.ids import WorkerId
from mainstay.model.never import assert_never
from mainstay.model.spec import RestartOn


def handle(turn: Turn, fact: Fact) -> None:
    """Let a fact have its consequences."""
    match fact:
        case Spawned():
            slot = _to_slot(turn, fact)
            turn.record(f"{fact.worker} has pid {fact.pid}", Kind.SPAWNED, of_worker(fact.worker, fact.pid))
            if slot and turn.app.job:
                turn.step(slot, BecameReady(fact.worker))  # a run is not waited for to come to rest
        case BecameReady():
            _ready(turn, fact)
        case Ended():
            _ended(turn, fact)
        case NeverBegun(worker=worker):
            _never_begun(turn, worker)
        case TemplateLoaded():
            _template_loaded(turn, fact)
        case TemplateEnded():
            _template_ended(turn, fact)
        case Listening():
            turn.app = replace(turn.app, listening=True, addresses=fact.addresses, width=turn.app.asked)
            turn.afresh = True
            if turn.app.opening:
                turn.app = replace(turn.app, opening=False)
                if turn.app.rollout is None:
                    requests.bring_up(turn)
        case ListenFailed():
            _listen_failed(turn, fact)
        case StepEnded():
            _step_ended(turn, fact)
        case Armed(wall=wall):
            if turn.app.job and not turn.app.job.seen:
                turn.app = replace(turn.app, job=replace(turn.app.job, seen=wall))
        case Due(wall=wall):
            if turn.app.job:
                from mainstay.core import jobs

                jobs.due(turn, wall)
        case Unfit():
            refresh.want(turn, fact)
        case Recovered(worker=worker):
            refresh.recover(turn, worker)
        case NotYet() | Extend():
            _to_slot(turn, fact)
        case Stuck(worker=worker, reason=reason):
            turn.record(f"{worker} is stuck: {reason}")
            _to_slot(turn, fact)
        case _:
            assert_never(fact)
    settle(turn)


def tick(turn: Turn) -> None:
    """See which deadlines have passed."""
    for generation, template in turn.app.templates.items():
        if template.state is TemplateState.LOADING and turn.now >= template.deadline:
            turn.effects.append(StopTemplate(turn.app.name, generation))
            timeout = turn.spec_of(generation).start_timeout
            reason = f"the import took longer than {timeout:g} s"
            _template_ended(
                turn, TemplateEnded(turn.app.name, generation, reason, "raise start_timeout if it needs to")
            )
    steps.tick(turn)
    if turn.app.job:
        from mainstay.core import jobs

        jobs.tick(turn)
    for slot in tuple(every_slot(turn.app)):
        after = turn.step(slot, Tick())
        if slot.tries and not after.tries and isinstance(after.life, Running):
            worker, row = after.life.worker, f"after {slot.tries} ends in a row"
            turn.record(f"{worker.id} has come to stay {row}", Kind.RECOVERED, of_worker(worker.id, worker.pid))
    settle(turn)


def settle(turn: Turn) -> None:
    """Go on with what can go on, and answer the requests whose goal is reached."""
    turn.drop_rested()
    rollout.advance(turn)
    turn.drop_rested()
    _close(turn)
    for wait in turn.app.waits:
        if _is_reached(turn, wait):
            turn.answer(wait, wait.outcome)
            if wait.goal is Goal.DELETED:
                turn.app = replace(turn.app, deleted=True)
    refresh.advance(turn)  # last: an app that has just answered is not busy any more
    turn.drop_rested()


def _close(turn: Turn) -> None:
    """Run `after_stop` when the app has come to rest because someone stopped it, before that is told."""
    waits = turn.app.waits
    if any(wait.closes and _is_reached(turn, wait) for wait in waits) and has_come_to_rest(turn.app):
        turn.app = replace(turn.app, waits=tuple(replace(wait, closes=False) for wait in waits))
        if turn.app.spec.after_stop:
            steps.begin(turn, Stage.AFTER_STOP, turn.app.generation)


def _is_reached(turn: Turn, wait: Wait) -> bool:
    app = turn.app
    leaving = {slot.id.index for slot in app.leaving}
    match wait.goal:
        case Goal.STARTED:
            return not app.opening and all(_is_started(app.slots.get(index)) for index in wait.slots)
        case Goal.STOPPED:
            rested = all(at_rest(app.slots[index]) for index in wait.slots if index in app.slots)
            return rested and not leaving & wait.slots and app.step is None
        case Goal.ROLLED_OUT:
            return app.rollout is None and not app.leaving and app.step is None
        case Goal.DELETED:
            return not has_processes(app) and app.step is None
        case _:
            assert_never(wait.goal)


def _is_started(slot: Slot | None) -> bool:
    return slot is None or isinstance(slot.life, Running | Finished)


def _to_slot(turn: Turn, fact: Spawned | BecameReady | Ended | NotYet | Stuck | Extend) -> Slot | None:
    slot = slot_of(turn.app, fact.worker)
    return turn.step(slot, fact) if slot else None


def _ready(turn: Turn, fact: BecameReady) -> None:
    slot = _to_slot(turn, fact)
    if slot and isinstance(slot.life, Running):
        facts = of_worker(fact.worker, slot.life.worker.pid) | {"seconds": round(slot.ready_after, 3)}
        turn.record(f"{fact.worker} is ready after {slot.ready_after:.2f} s", Kind.READY, facts)
        if turn.app.rollout is None:
            up = sum(isinstance(s.life, Running) for s in turn.app.slots.values())
            turn.notify(f"{slot.id} is ready ({up} of {len(turn.app.slots)})")


def _ended(turn: Turn, fact: Ended) -> None:
    before = slot_of(turn.app, fact.worker)
    if before is None:
        return
    if refresh.is_fresh(turn.app, before):
        refresh.failed(turn, before, fact)
        return
    done = _is_done(turn, before, fact)
    if not done and _ends_an_attempt(turn, before):
        # Its slot will be taken down: it is not started anew only to be ended again.
        before = replace(before, up=False)
    slot = turn.step(before, fact)
    if len(slot.exits) == 0 or slot.exits[-1].worker != fact.worker:
        return
    last = slot.exits[-1]
    _record_end(turn, slot, last, done)
    refresh.keep_exit(turn, slot, last)
    if turn.app.job:
        from mainstay.core import jobs

        if slot.generation == turn.app.generation and slot.id.index in turn.app.slots:
            jobs.ended(turn, last)
        return
    if last.asked or done:
        return
    refusal = _refusal(turn, slot, last)
    if _is_new(turn, slot):
        rollout.fail(turn, refusal)
    for wait in turn.app.waits:
        if wait.goal is Goal.STARTED and slot.id.index in wait.slots:
            _start_failed(turn, wait, refusal)


def _never_begun(turn: Turn, worker: WorkerId) -> None:
    slot = slot_of(turn.app, worker)
    life = slot.life if slot else None
    if isinstance(life, Starting) and life.worker.id == worker and not life.worker.pid:
        turn.start_again(worker)
    else:
        _ended(turn, Ended(worker, Unstarted("it had not been started")))


def _record_end(turn: Turn, slot: Slot, last: Exit, done: bool) -> None:
    """Write down how a worker ended, and what comes after it."""
    expected = last.asked or turn.app.job is not None  # what comes of a run is told as that of a job
    kind = Kind.ENDED if expected else Kind.FINISHED if done else Kind.CRASH
    text = f"{last.worker} (pid {last.pid}) ended: {last.ending}" + (", as asked" if last.asked else "")
    place = of_worker(last.worker)
    turn.record(text, kind, place | of_exit(last))
    if isinstance(slot.life, Backoff):
        wait = slot.life.until - turn.now
        text = f"{slot.id} is started again in {wait:.2g} s, {slot.tries} ends in a row"
        turn.record(text, Kind.BACKING_OFF, place | {"seconds": round(wait, 3), "tries": slot.tries})
    elif isinstance(slot.life, Failed):
        text = f"{slot.id} is given up after {slot.tries} ends in a row: {last.ending}"
        turn.record(text, Kind.ERRORED, place | {"tries": slot.tries} | of_exit(last))


def _is_done(turn: Turn, slot: Slot, fact: Ended) -> bool:
    """Whether this is the good end of a program that is meant to end."""
    at_fault = isinstance(slot.life, Stopping | Killing) and slot.life.fault
    policy = turn.spec_of(slot.generation).restart
    overlaps = _is_new(turn, slot) and turn.app.rollout is not None and turn.app.rollout.style is Style.OVERLAP
    return fact.ending == Exited(0) and not at_fault and not should_restart(policy, fact.ending) and not overlaps


def _is_new(turn: Turn, slot: Slot) -> bool:
    """Whether the slot is one of those by which a rollout stands or falls."""
    ro = turn.app.rollout
    return ro is not None and not ro.back and slot.generation == ro.generation


def _ends_an_attempt(turn: Turn, slot: Slot) -> bool:
    """Whether an end in this slot is the end of a rollout, or of a start that is taken back."""
    undone = [w for w in turn.app.waits if w.goal is Goal.STARTED and w.undo is not Undo.NOTHING]
    return _is_new(turn, slot) or any(slot.id.index in wait.slots for wait in undone)


def _refusal(turn: Turn, slot: Slot, last: Exit) -> Refusal:
    app = turn.app.name
    when = f"{last.uptime:.1f} s after it was ready" if last.uptime else "before it was ready"
    if turn.app.rollout:
        what = f"cannot roll out generation {turn.app.rollout.generation} of {app}: {slot.id} ended: {last.ending}"
        return Refusal(f"{what}, {when}", "the generation that served before serves on", last.lines)
    hint = 'a program that is meant to end needs `--no-autorestart` or restart = "on-failure"'
    ended_well = last.ending == Exited(0) and turn.app.spec.restart.on is RestartOn.ALWAYS
    what = f"cannot start {app}: {slot.id}: {last.ending}, {when}"
    return Refusal(what, hint if ended_well else "", last.lines, code=shell_code(last.ending))


def _start_failed(turn: Turn, wait: Wait, refusal: Refusal) -> None:
    turn.record(refusal.message, Kind.START_FAILED, of_refusal(refusal))
    match wait.undo:
        case Undo.NOTHING if wait.before:
            turn.record(f"what was declared before is started again: {refusal.message}")
            turn.app = replace(turn.app, waits=tuple(w for w in turn.app.waits if w is not wait))
            rollout.begin(turn, wait.before, Style.ALL_AT_ONCE, wait.token, refusal)
        case Undo.NOTHING:
            turn.answer(wait, refusal)
        case Undo.STOP | Undo.DELETE:
            turn.app = replace(turn.app, waits=tuple(w for w in turn.app.waits if w is not wait))
            requests.stop(turn, wait.token, None, delete=wait.undo is Undo.DELETE, result=refusal)
            if wait.before:
                turn.declare(wait.before)
        case Undo.UNSCALE:
            if wait.before:
                turn.declare(wait.before)
            for index in sorted(wait.slots & turn.app.slots.keys()):
                rollout.leave(turn, turn.app.slots[index])
            undone = replace(wait, goal=Goal.STOPPED, outcome=refusal, undo=Undo.NOTHING)
            turn.app = replace(turn.app, waits=tuple(undone if w is wait else w for w in turn.app.waits))
        case _:
            assert_never(wait.undo)


def _template_loaded(turn: Turn, fact: TemplateLoaded) -> None:
    template = turn.app.templates.get(fact.generation)
    if template is None or template.state is not TemplateState.LOADING:
        return
    state = TemplateState.COLD if fact.cold else TemplateState.WARM
    until = turn.now + STABLE_AFTER
    loaded = Template(state, until, fact.pid, fact.interface, fact.cold, template.again)
    turn.set_template(fact.generation, loaded)
    turn.app = replace(turn.app, interface=fact.interface)
    if fact.cold:
        text = f"workers of generation {fact.generation} start one by one: {fact.cold}"
        turn.record(text, Kind.TEMPLATE_COLD, {"generation": fact.generation, "reason": fact.cold})
        turn.notify(f"workers start one by one: {fact.cold}")
    turn.release_held(fact.generation)


def _template_ended(turn: Turn, fact: TemplateEnded) -> None:
    template = turn.app.templates.get(fact.generation)
    if template is None or template.state in (TemplateState.GONE, TemplateState.COLD):
        return
    turn.set_template(fact.generation, Template(TemplateState.GONE, interface=template.interface, reason=fact.reason))
    facts: Facts = {"generation": fact.generation, "reason": fact.reason, "lines": list(fact.lines)}
    turn.record(f"template of generation {fact.generation} ended: {fact.reason}", Kind.TEMPLATE_ENDED, facts)
    in_a_row = template.again and turn.now < template.deadline
    if template.state is TemplateState.WARM and not in_a_row and _is_wanted(turn, fact.generation):
        turn.start_template(fact.generation, again=True)
        return
    ro = turn.app.rollout
    if ro and ro.generation == fact.generation and not ro.back:
        if not rollout.is_past_return(turn.app):
            what = f"cannot {rollout.verb(ro)} {turn.app.name}: {fact.reason}"
            rollout.fail(turn, Refusal(what, fact.hint or "what served before serves on", fact.lines))
        return
    for wait in turn.app.waits:
        if wait.goal is Goal.STARTED:
            _start_failed(turn, wait, Refusal(f"cannot start {turn.app.name}: {fact.reason}", fact.hint, fact.lines))
    for ended in turn.fail_held(fact.generation, fact.reason, fact.lines):
        _ended(turn, ended)


def _is_wanted(turn: Turn, generation: int) -> bool:
    """Whether this generation's template may be asked for a worker."""
    app = turn.app
    if app.rollout and app.rollout.generation == generation:
        return True
    return generation == app.generation and any(slot.up for slot in app.slots.values())


def _listen_failed(turn: Turn, fact: ListenFailed) -> None:
    app = turn.app
    turn.app = replace(app, opening=False)
    if app.rollout and not app.rollout.back:
        what = f"cannot {rollout.verb(app.rollout)} {app.name}: {fact.reason}"
        if not rollout.is_past_return(app):  # else the new ones are tried all the same: nothing else is left
            rollout.fail(turn, Refusal(what, fact.hint))
        return
    for wait in turn.app.waits:
        if wait.goal is Goal.STARTED:
            _start_failed(turn, wait, Refusal(f"cannot start {app.name}: {fact.reason}", fact.hint))


def _step_ended(turn: Turn, fact: StepEnded) -> None:
    step = turn.app.step
    if step is None or (step.generation, step.stage) != (fact.generation, fact.stage):
        return
    turn.app = replace(turn.app, step=None)
    fault = steps.fault_of(step, fact.ending)
    if fault:
        turn.record(f"{fact.stage.value} of generation {fact.generation}: {fault}")
    match fact.stage:
        case Stage.AFTER_STOP:
            steps.tell(turn, fault)
        case Stage.BEFORE_START if turn.app.job:
            from mainstay.core import jobs

            jobs.prepared(turn, fault, fact.lines, fact.wall)
        case Stage.BEFORE_START if fault:
            _preparation_failed(turn, fault, fact.lines)
        case Stage.BEFORE_START if turn.app.rollout:
            rollout.prepare(turn)
        case Stage.BEFORE_START:
            requests.open_up(turn)
        case _:
            assert_never(fact.stage)


def _preparation_failed(turn: Turn, fault: str, lines: tuple[str, ...]) -> None:
    ro = turn.app.rollout
    refusal = steps.refusal(turn.app.name, rollout.verb(ro) if ro else "start", fault, lines)
    if ro:
        rollout.fail(turn, refusal)
        return
    for wait in turn.app.waits:
        if wait.goal is Goal.STARTED:
            _start_failed(turn, wait, refusal)
