"""Apps that run when they are due: no two runs at once, what comes of a run is kept, and a failed one is not repeated.

A run is a generation of its own in the app's one slot, so `before_start` goes before each. Runs do not make the app
busy: a deploy does not wait for one, and holds from the next one on.

Imported when there is a job: a daemon without any stays smaller.
"""

from dataclasses import replace

from mainstay.core import requests, rollout, steps
from mainstay.core.app import Goal, Job, Ran, Run, Style, Wait, indexes, is_down, is_preparing
from mainstay.core.effects import Facts, Outcome, Refusal
from mainstay.core.events import (
    Apply,
    Delete,
    Kill,
    Reload,
    Request,
    Restart,
    RunJob,
    Scale,
    Stage,
    Start,
    Stop,
    Token,
)
from mainstay.core.plan import compare, keep_ambient
from mainstay.core.slot import Down, Exit, Starting, Up, worker_of
from mainstay.core.slot import Running as SlotRunning
from mainstay.core.turn import Turn
from mainstay.model.exits import Ending, Unstarted, shell_code
from mainstay.model.happening import Kind
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec, Command, Overlap, RestartOn, Schedule

RUNS_KEPT = 10
TIMED_OUT = 124
"""Exit code of `run-job` when the time of the run was over, as timeout(1) has it."""


def declared(spec: AppSpec) -> AppSpec:
    """What a spec means: a job has one slot, and is never restarted."""
    if spec.schedule is None:
        return spec
    return replace(spec, instances=1, restart=replace(spec.restart, on=RestartOn.NEVER, schedule=""))


def refusal(spec: AppSpec) -> Refusal | None:
    """Why this cannot be a job."""
    if spec.schedule is None or (isinstance(spec.program, Command) and not spec.binds):
        return None
    what = "a job listens nowhere" if spec.binds else "a job runs a command, and no web app"
    return Refusal(f"cannot schedule {spec.name}: {what}", "take its schedule away, or give it a command", exit_code=2)


def perform(turn: Turn, request: Request) -> bool:
    """Do what is asked of a job, or of what is to become one or was one; False when it is as for any app."""
    name = turn.app.name
    match request:
        case Apply(token=token, specs=specs):
            _apply(turn, token, specs[0])
        case Start(token=token):
            enlist(turn, token)
        case Stop(token=token):
            _stop(turn, token, delete=False)
        case Delete(token=token):
            _stop(turn, token, delete=True)
        case Kill(token=token):
            revive = frozenset((0,)) if turn.app.job and turn.app.job.on else turn.app.revive
            _stop(turn, token, delete=False)
            turn.app = replace(turn.app, revive=revive)
        case Restart(token=token) | Reload(token=token):
            turn.answers.append((token, Outcome(name, "unchanged", message="is a job, and runs when it is due")))
        case Scale(token=token):
            turn.answers.append((token, Refusal(f"cannot scale {name}: it is a job", exit_code=2)))
        case RunJob(token=token, detach=detach):
            _run(turn, token, detach)
        case _:
            return False
    return True


def enlist(turn: Turn, token: Token, shown: tuple[str, ...] = ()) -> None:
    """Put it on its schedule."""
    job = turn.app.job or Job(on=False)
    if not turn.app.slots:
        turn.app = replace(turn.app, slots={0: turn.new_slot(0, turn.app.generation, 0)})
    outcome = Outcome(turn.app.name, "scheduled" if not job.on else "changed" if shown else "unchanged", shown)
    if outcome.outcome == "unchanged":
        outcome = replace(outcome, message="is a job, and runs when it is due")
    turn.app = replace(turn.app, job=job if job.on else replace(job, on=True, seen=0.0), revive=frozenset())
    turn.answers.append((token, outcome))


def _apply(turn: Turn, token: Token, spec: AppSpec) -> None:
    app = turn.app
    changes = compare(app.spec, spec)
    shown = tuple(str(change) for change in changes if change.way)
    if spec.schedule is None:
        _become_an_app(turn, token, spec, Outcome(app.name, "changed", shown))
    elif app.job is None:
        _become_a_job(turn, token, spec, Outcome(app.name, "changed", shown))
    else:
        if spec.schedule != app.spec.schedule:
            turn.app = replace(app, job=replace(app.job, seen=0.0))
        spec = spec if shown else keep_ambient(app.spec, spec)
        turn.app = replace(turn.app, specs=app.specs | {app.generation: spec})
        enlist(turn, token, shown)


def _become_a_job(turn: Turn, token: Token, spec: AppSpec, outcome: Outcome) -> None:
    wait = Wait(token, Goal.STOPPED, indexes(turn.app), outcome)
    for slot in tuple(turn.app.slots.values()):
        rollout.leave(turn, slot)
    app, generation = turn.app, turn.app.last_generation + 1
    app = replace(app, generation=generation, last_generation=generation, specs=app.specs | {generation: spec})
    turn.app = replace(app, job=Job(), waits=(*app.waits, wait))
    turn.app = replace(turn.app, slots={0: turn.new_slot(0, generation, 0)})


def _become_an_app(turn: Turn, token: Token, spec: AppSpec, outcome: Outcome) -> None:
    job = turn.app.job
    tokens = (*(job.run.tokens if job and job.run else ()), *(job.queued or () if job else ()))
    refused = Refusal(f"cannot go on with {turn.app.name}: it is no job any more")
    turn.answers += [(waiting, refused) for waiting in tokens]
    if is_preparing(turn.app):
        _end(turn, "it is no job any more")
        job = turn.app.job
        turn.app = replace(turn.app, job=replace(job, queued=None) if job else None)
        turn.app = replace(turn.app, queue=(*turn.app.queue, Apply(token, (spec,))))  # for when that has ended
        return
    turn.app = replace(turn.app, job=None)
    if is_down(turn.app):
        turn.app = replace(turn.app, specs=turn.app.specs | {turn.app.generation: spec})
        requests.start(turn, token, None, outcome)
    else:
        rollout.begin(turn, spec, Style.ALL_AT_ONCE, token, outcome)


def _stop(turn: Turn, token: Token, delete: bool) -> None:
    job = _job(turn)
    refused = Refusal(f"cannot go on with {turn.app.name}: it was stopped meanwhile")
    turn.answers += [(waiting, refused) for waiting in job.queued or ()]
    run = replace(job.run, over=job.run.over or "stopped") if job.run else None
    turn.app = replace(turn.app, job=replace(job, on=False, queued=None, run=run))
    requests.stop(turn, token, None, delete=delete)
    if job.on:
        *before, wait = turn.app.waits
        outcome = Outcome(turn.app.name, "deleted" if delete else "stopped")
        turn.app = replace(turn.app, waits=(*before, replace(wait, outcome=outcome, closes=True)))


# runs


def due(turn: Turn, wall: float) -> None:
    """Its time has come."""
    job = _job(turn)
    turn.app = replace(turn.app, job=replace(job, seen=wall))
    if job.on:
        _begin_or(turn, _schedule(turn).overlap, ())


def _run(turn: Turn, token: Token, detach: bool) -> None:
    name, overlap = turn.app.name, _schedule(turn).overlap
    job = _job(turn)
    if not is_down(turn.app) and (overlap is Overlap.SKIP or job.run is None):
        hint = 'overlap = "queue" or "replace" would allow it'
        turn.answers.append((token, Refusal(f"cannot run {name}: its last run has not ended", hint)))
        return
    later = not is_down(turn.app)
    if detach:
        message = "when the run under way has ended" if later else ""
        turn.answers.append((token, Outcome(name, "started", message=message)))
    _begin_or(turn, overlap, () if detach else (token,))


def _begin_or(turn: Turn, overlap: Overlap, tokens: tuple[Token, ...]) -> None:
    """Begin a run; or, while one is under way, what its policy says."""
    job = _job(turn)
    if is_down(turn.app):
        _begin(turn, tokens)
        return
    match Overlap.SKIP if job.run is None else overlap:
        case Overlap.SKIP:
            turn.record("a run is skipped: the one before has not ended")
            turn.app = replace(turn.app, job=replace(job, skipped=job.skipped + 1))
        case Overlap.QUEUE | Overlap.REPLACE:
            if job.queued is not None and not tokens:
                turn.record("a run is skipped: another one waits already")
                turn.app = replace(turn.app, job=replace(job, skipped=job.skipped + 1))
                return
            turn.app = replace(turn.app, job=replace(job, queued=(*(job.queued or ()), *tokens)))
            if overlap is Overlap.REPLACE:
                _end(turn, "replaced by the next run")
        case _:
            assert_never(overlap)


def _begin(turn: Turn, tokens: tuple[Token, ...]) -> None:
    requests.new_generation(turn)
    job, timeout = _job(turn), _schedule(turn).timeout
    run = Run(turn.now, turn.now + timeout if timeout else None, tokens)
    turn.app = replace(turn.app, job=replace(job, run=run, queued=None))
    turn.record("a run begins", Kind.JOB_STARTED)
    if turn.app.spec.before_start:
        steps.begin(turn, Stage.BEFORE_START, turn.app.generation)
    else:
        turn.step(turn.app.slots[0], Up())


def _end(turn: Turn, why: str) -> None:
    """End the run that is under way."""
    job = turn.app.job
    if job is None or job.run is None or job.run.over:
        return
    turn.app = replace(turn.app, job=replace(job, run=replace(job.run, over=why)))
    if is_preparing(turn.app):
        steps.end(turn, why)
    elif worker_of(turn.app.slots[0]):
        turn.step(turn.app.slots[0], Down())


def tick(turn: Turn) -> None:
    """See whether the time of a run is over."""
    job = turn.app.job
    if job and job.run and job.run.deadline is not None and turn.now >= job.run.deadline:
        _end(turn, f"timed out after {_schedule(turn).timeout:g} s")


def prepared(turn: Turn, fault: str, lines: tuple[str, ...], wall: float) -> None:
    """What goes before a run has ended: the run begins, or is over."""
    if fault:
        _over(turn, Unstarted(f"before_start: {fault}"), lines, wall)
    else:
        turn.step(turn.app.slots[0], Up())


def ended(turn: Turn, exit_: Exit) -> None:
    """The process of a run has ended."""
    slot = turn.app.slots[0]
    if not isinstance(slot.life, Starting | SlotRunning):
        turn.step(slot, Down())  # at rest, whatever its end was
    _over(turn, exit_.ending, exit_.lines, exit_.wall)


def _over(turn: Turn, ending: Ending, lines: tuple[str, ...], wall: float) -> None:
    job = turn.app.job
    if job is None or job.run is None:
        return
    ran = Ran(wall, turn.now - job.run.began, ending, job.run.over, lines)
    turn.app = replace(turn.app, job=replace(job, run=None, runs=(*job.runs, ran)[-RUNS_KEPT:]))
    told: Facts = {"reason": ran.result, "seconds": round(ran.seconds, 3), "lines": list(ran.lines)}
    kind = Kind.JOB_ENDED if ran.is_well else Kind.JOB_FAILED
    turn.record(f"a run ended: {ran.result}, after {ran.seconds:.1f} s", kind, told)
    turn.answers += [(token, _told(turn.app.name, ran)) for token in job.run.tokens]
    if job.queued is not None:
        _begin(turn, job.queued)


def _told(name: str, ran: Ran) -> Outcome | Refusal:
    what = f"{ran.result}, after {ran.seconds:.1f} s"
    if ran.is_well:
        return Outcome(name, "ran", message=what)
    return Refusal(f"{name} failed: {what}", f"`mainstay logs {name}` has its whole output", ran.lines, exit_code(ran))


def exit_code(ran: Ran) -> int:
    """The exit code of `run-job` for a run that ended so."""
    if ran.over:
        return TIMED_OUT if ran.over.startswith("timed out") else 1
    code = shell_code(ran.ending)
    return 1 if code is None else code


def _job(turn: Turn) -> Job:
    assert turn.app.job is not None
    return turn.app.job


def _schedule(turn: Turn) -> Schedule:
    schedule = turn.app.spec.schedule
    assert schedule is not None
    return schedule
