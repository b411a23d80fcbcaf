"""Who waits for whom: an app starts after those it depends on, and stops before them. Functions of their arguments.

What has to wait is held by the fleet, and looked at again after each event until it may go on or cannot.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from mainstay.core.app import App, has_come_to_rest, is_busy, is_down, is_healthy
from mainstay.core.effects import Refusal
from mainstay.core.events import Apply, Delete, Kill, Request, Start, Stop
from mainstay.core.plan import Way, compare, way_of
from mainstay.core.slot import Failed, Finished, Running, Slot
from mainstay.model.exits import Exited
from mainstay.model.spec import AppSpec, Condition, RestartOn


@dataclass(frozen=True, slots=True)
class Held:
    """An app's part in a request, not begun yet. `deadline`: until when those it waits for must be there."""

    name: str
    request: Request
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """It must wait for these. `seconds`: how long that may take from when they have been started."""

    names: tuple[str, ...]
    seconds: float | None = None


class Standing(Enum):
    """How an app is, for one that depends on it."""

    THERE = "there"
    COMING = "coming"
    AT_WORK = "at work"
    """It is meant to finish, and has not."""
    AWAY = "away"


Apps = Mapping[str, App]


def is_started(app: App) -> bool:
    """Whether all that is wanted up is: running, or, where it is meant to finish, finished well."""
    up = [slot for slot in app.slots.values() if slot.up]
    return bool(up) and all(_has_started(app, slot) for slot in up)


def _has_started(app: App, slot: Slot) -> bool:
    if isinstance(slot.life, Finished):
        return slot.life.ending == Exited(0)
    return isinstance(slot.life, Running) and app.spec.restart.on is not RestartOn.NEVER


def standing(app: App, condition: Condition) -> Standing:
    """How it is with an app on which another one depends."""
    if app.job:
        well = bool(app.job.runs) and app.job.runs[-1].is_well
        return Standing.AT_WORK if app.job.run else Standing.THERE if well else Standing.AWAY
    if is_healthy(app) if condition is Condition.HEALTHY else is_started(app):
        return Standing.THERE
    lives = [slot.life for slot in app.slots.values() if slot.up]
    if any(isinstance(life, Failed) or (isinstance(life, Finished) and life.ending != Exited(0)) for life in lives):
        return Standing.AWAY
    if not lives and not is_busy(app):
        return Standing.AWAY
    if lives and all(isinstance(life, Running | Finished) for life in lives) and app.spec.restart.on is RestartOn.NEVER:
        return Standing.AT_WORK
    return Standing.COMING


def verdict(held: Held, apps: Apps, waiting: frozenset[str], failed: frozenset[str]) -> Waits | Refusal | None:
    """Whether a part of a request may begin (None), must wait, or cannot be done.

    `waiting` and `failed` are the apps of the same request that have not been answered, and those that were refused.
    """
    if isinstance(held.request, Stop | Delete | Kill):
        first = tuple(sorted(name for name in dependents(apps, held.name) if name in waiting and name != held.name))
        return Waits(first) if first else None
    app = apps.get(held.name)
    spec = held.request.specs[0] if isinstance(held.request, Apply) else app.spec if app else None
    if spec is None or not _starts_something(held.request, app, spec):
        return None
    first = tuple(dep.app for dep in spec.depends_on if dep.app in waiting)
    if first:
        return Waits(first)
    return _conditions(held.name, spec, apps, failed) if app is None or is_down(app) else None


def _starts_something(request: Request, app: App | None, spec: AppSpec) -> bool:
    if app is None or is_down(app) or not isinstance(request, Apply):
        return True
    return request.reload or way_of(compare(app.spec, spec)) >= Way.ROLLING


def _conditions(name: str, spec: AppSpec, apps: Apps, failed: frozenset[str]) -> Waits | Refusal | None:
    coming: list[str] = []
    seconds: float | None = None
    for dependency in spec.depends_on:
        other = apps.get(dependency.app)
        found = standing(other, dependency.condition) if other else Standing.AWAY
        if other is None or found is Standing.AWAY:
            return _refusal(name, dependency.app, other, dependency.app in failed)
        if found is not Standing.THERE:
            coming.append(dependency.app)
        if found is Standing.COMING:
            seconds = max(seconds or 0.0, other.spec.start_timeout)
    return Waits(tuple(coming), seconds) if coming else None


def _refusal(name: str, needed: str, other: App | None, failed: bool) -> Refusal:
    if failed:
        return Refusal(f"cannot start {name}: {needed}, which it depends on, did not start")
    if other is None:
        hint = f"declare {needed} in the same file, or start it first"
        return Refusal(f"cannot start {name}: it depends on {needed}, and there is no such app", hint)
    if other.job:
        hint = f"`mainstay run-job {needed}` runs it"
        return Refusal(f"cannot start {name}: {needed}, which it depends on, is a job that has not succeeded", hint)
    ends = [slot.life.ending for slot in other.slots.values() if isinstance(slot.life, Failed | Finished)]
    how = f"ended: {ends[0]}" if ends else "is stopped"
    return Refusal(
        f"cannot start {name}: {needed}, which it depends on, {how}", f"`mainstay describe {needed}` says more"
    )


def too_late(name: str, waits: Waits) -> Refusal:
    """What it waited for did not come in time."""
    what, seconds = " and ".join(waits.names), waits.seconds or 0.0
    hint = f"`mainstay describe {waits.names[0]}` says more"
    return Refusal(f"cannot start {name}: it has waited for {what} for {seconds:g} s", hint)


def dependents(apps: Apps, name: str) -> set[str]:
    """The apps that depend on this one, in any generation that they have."""
    return {
        other
        for other, app in apps.items()
        if any(dep.app == name for spec in app.specs.values() for dep in spec.depends_on)
    }


def left_behind(apps: Apps, name: str, but: Iterable[str]) -> str:
    """A word on the apps that run on though this one, on which they depend, has been stopped; empty without any."""
    app = apps.get(name)
    if app is not None and not has_come_to_rest(app):
        return ""
    left = sorted(other for other in dependents(apps, name) - set(but) if not has_come_to_rest(apps[other]))
    if not left:
        return ""
    return f"{left[0]} depends on it and runs on" if len(left) == 1 else f"{', '.join(left)} depend on it and run on"


def missing(apps: Apps, specs: Iterable[AppSpec]) -> dict[str, str]:
    """Stopped apps that have to be started as well, each with the one that needs it, for these specs to start."""
    specs = list(specs)
    batch = {spec.name for spec in specs}
    found: dict[str, str] = {}
    while specs:
        spec = specs.pop()
        for dependency in spec.depends_on:
            other = apps.get(dependency.app)
            if other is None or other.job or dependency.app in batch or dependency.app in found or not _is_away(other):
                continue
            found[dependency.app] = spec.name
            specs.append(other.spec)
    return found


def _is_away(app: App) -> bool:
    return is_down(app) or (not is_busy(app) and any(isinstance(slot.life, Failed) for slot in app.slots.values()))


def cycle(apps: Apps, specs: Iterable[AppSpec]) -> tuple[str, ...]:
    """Apps that would depend on each other, in a circle that ends where it begins; empty when there is none."""
    needs = {name: {dep.app for dep in app.spec.depends_on} for name, app in apps.items()}
    needs |= {spec.name: {dep.app for dep in spec.depends_on} for spec in specs}
    tangled = set(needs)
    while free := {name for name in tangled if not needs[name] & tangled}:
        tangled -= free
    if not tangled:
        return ()
    path = [min(tangled)]
    while path[-1] not in path[:-1]:
        path.append(min(needs[path[-1]] & tangled))
    return tuple(path[path.index(path[-1]) :])


def is_start(request: Request) -> bool:
    """Whether a stop makes it pointless."""
    return isinstance(request, Apply | Start)
