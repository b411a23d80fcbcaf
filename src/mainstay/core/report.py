"""What we tell people: the only place that turns states into statuses. Everything here is data for JSON."""

from mainstay.core.app import App, Ran, Rollout, Template, every_slot, is_preparing, is_python, is_unhealthy
from mainstay.core.fleet import Fleet
from mainstay.core.plan import compare
from mainstay.core.recording import of_exit
from mainstay.core.slot import (
    Alive,
    Backoff,
    Exit,
    Failed,
    Finished,
    Killing,
    Running,
    Slot,
    Starting,
    Stopped,
    Stopping,
    worker_of,
)
from mainstay.model.codec import Json, dump
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec, Interface, PythonApp, slots_wanted
from mainstay.model.status import Mark, Status

Row = dict[str, Json]


def status_of(slot: Slot) -> Status:
    """The one table from what is to what we say."""
    match slot.life:
        case Stopped() | Finished():
            return Status.STOPPED
        case Starting():
            return Status.LAUNCHING
        case Running():
            return Status.ONLINE
        case Stopping() | Killing():
            return Status.STOPPING
        case Backoff():
            return Status.WAITING
        case Failed():
            return Status.ERRORED
        case _:
            assert_never(slot.life)


def _status(app: App, slot: Slot) -> Status:
    """What we say of a slot, with what is known of its app."""
    if isinstance(slot.life, Stopped) and is_preparing(app) and not app.rollout:
        return Status.LAUNCHING
    if isinstance(slot.life, Stopped) and app.job and app.job.on:
        return Status.SCHEDULED
    return status_of(slot)


def rows(fleet: Fleet, now: float, wall: float) -> list[Row]:
    """A row for every slot, in the order of their numbers; `cpu` and `memory` are left to who can measure them."""
    found = [_row(app, slot, now, wall) for app in fleet.apps.values() for slot in every_slot(app)]
    return sorted(found, key=lambda row: (_order(row["id"]), _order(row["generation"])))


def _order(value: Json) -> int:
    return value if isinstance(value, int) else 1 << 30


def _row(app: App, slot: Slot, now: float, wall: float) -> Row:
    worker = worker_of(slot)
    life = slot.life
    return {
        "id": app.numbers.get(slot.id.index),
        "app": app.name,
        "slot": str(slot.id),
        "index": slot.id.index,
        "namespace": app.spec.namespace,
        "mode": mode_of(app),
        "pid": worker.pid or None if worker else None,
        "uptime": round(now - life.since, 3) if isinstance(life, Running | Stopping | Killing) and life.since else None,
        "restarts": slot.restarts,
        "status": _status(app, slot).value,
        "next_try": round(wall + life.until - now, 3) if isinstance(life, Backoff) else None,
        "marks": _marks(app, slot),
        "cpu": None,
        "memory": None,
        "generation": slot.generation,
        "rollout": _progress(app.rollout),
        "schedule": _schedule(app),
    }


def _schedule(app: App) -> Json:
    """When a job is due and what its last run came to; `next` is left to who knows the time of day."""
    if app.job is None:
        return None
    return {"next": None, "last": _ran(app.job.runs[-1]) if app.job.runs else None}


def _ran(ran: Ran) -> Json:
    return {
        "began": round(ran.wall - ran.seconds, 3),
        "seconds": round(ran.seconds, 3),
        "result": ran.result,
        "ok": ran.is_well,
        "lines": list(ran.lines),
    }


def _job(app: App) -> Json:
    if app.job is None:
        return None
    runs: list[Json] = [_ran(ran) for ran in app.job.runs]
    return {"next": None, "queued": app.job.queued is not None, "skipped": app.job.skipped, "runs": runs}


def _marks(app: App, slot: Slot) -> list[Json]:
    if slot in app.leaving:
        return [Mark.DRAINING.value]
    holding = app.rollout is not None and app.rollout.holding
    canary: list[Json] = [Mark.CANARY.value] if holding and slot.generation != app.generation else []
    return [*canary, Mark.UNHEALTHY.value] if is_unhealthy(app, slot) else canary


def mode_of(app: App) -> str:
    """`asgi` or `wsgi` once the template knows, `python` before, `command` for programs of other kinds."""
    if not is_python(app.spec):
        return "command"
    program = app.spec.program
    declared = program.interface if isinstance(program, PythonApp) else Interface.AUTO
    interface = declared if app.interface is Interface.AUTO else app.interface
    return "python" if interface is Interface.AUTO else str(interface.value)


def _progress(rollout: Rollout | None) -> str:
    if rollout is None:
        return ""
    if rollout.holding:
        return f"canary {rollout.canary}%"
    done = len(rollout.accepted)
    return f"{done}/{done + len(rollout.fresh) + len(rollout.pending)}"


def describe(app: App, fleet: Fleet, now: float, wall: float) -> dict[str, Json]:
    """Everything about one app."""
    ordered = sorted(every_slot(app), key=lambda s: (s.id.index, s.generation))
    spec = dump(app.spec)
    program = app.spec.program
    return {
        "app": app.name,
        "namespace": app.spec.namespace,
        "status": app_status(app),
        "mode": mode_of(app),
        "generation": app.generation,
        "spec": spec,
        "binds": list(app.addresses) or [str(bind) for bind in app.spec.binds],
        "listening": app.listening,
        "engine": program.engine.value if isinstance(program, PythonApp) else None,
        "template": _template(app.templates.get(app.generation)),
        "rollout": _rollout(app.rollout),
        "job": _job(app),
        "differences": list(differences(app, fleet.cores)),
        "slots": [_row(app, slot, now, wall) | _more(slot) for slot in ordered],
    }


def app_status(app: App) -> str:
    """One word for a whole app: that of its slots when they agree, else how many are online."""
    found = [_status(app, slot).value for slot in app.slots.values()]
    if len(set(found)) <= 1:
        return found[0] if found else Status.STOPPED.value
    return f"{found.count(Status.ONLINE.value)} of {len(found)} {Status.ONLINE.value}"


def _template(template: Template | None) -> Json:
    if template is None:
        return None
    return {"pid": template.pid or None, "state": template.state.value, "reason": template.reason}


def _rollout(rollout: Rollout | None) -> Json:
    if rollout is None:
        return None
    state = "canary" if rollout.holding else "back" if rollout.back else "rolling"
    done = len(rollout.accepted)
    of = done + len(rollout.fresh) + len(rollout.pending)
    return {"generation": rollout.generation, "state": state, "share": rollout.canary, "done": done, "of": of}


def differences(app: App, cores: int) -> list[str]:
    """Where what runs is not what is declared."""
    found: list[str] = []
    wanted, up = slots_wanted(app.spec.instances, cores), sum(slot.up for slot in app.slots.values())
    if up and up != wanted:
        found.append(f"instances: declared {wanted}, wanted up {up}")
    for slot in app.slots.values():
        if slot.up and not isinstance(slot.life, Running):
            found.append(f"{slot.id}: wanted up, {status_of(slot).value}")
        if isinstance(slot.life, Alive) and slot.generation != app.generation:
            older = compare(_spec(app, slot), app.spec)
            found.append(f"{slot.id}: runs generation {slot.generation}" + "".join(f"; {c.text}" for c in older))
    found += [f"{one.worker.slot}: is to be replaced: {one.reason}" for one in app.unfit]
    return found


def _spec(app: App, slot: Slot) -> AppSpec:
    return app.specs.get(slot.generation, app.spec)


def _more(slot: Slot) -> Row:
    return {
        "ready_time": round(slot.ready_after, 3) if slot.ready_after else None,
        "exits": [_exit(exit_) for exit_ in slot.exits],
    }


def _exit(exit_: Exit) -> Json:
    return {"time": exit_.wall} | of_exit(exit_)
