"""What applying specs would do, without doing it: for `mainstay plan`, and to name what a file has no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from mainstay.core.app import App, is_down
from mainstay.core.plan import Way, compare, way_of
from mainstay.model.spec import AppSpec


class Action(Enum):
    """What becomes of one app."""

    ADD = "add"
    START = "start"
    """It is there and stopped."""
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REMOVE = "remove"
    """The file that declared it does not any more; done only when asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """What would become of one app. `in_the_way`: it holds an address that the specs give to another."""

    app: str
    action: Action
    way: Way = Way.SILENT
    changes: tuple[str, ...] = ()
    in_the_way: bool = False


def forecast(apps: Mapping[str, App], specs: Sequence[AppSpec], source: str) -> tuple[Step, ...]:
    """A step for each spec, in their order, and one for each app that came from the file `source` and has none.

    `source` empty: nobody misses anything.
    """
    steps = [_step(apps.get(spec.name), spec) for spec in specs]
    declared = {spec.name for spec in specs}
    binds = {bind for spec in specs for bind in spec.binds}
    gone = [app for name, app in apps.items() if source and app.spec.source == source and name not in declared]
    steps += [Step(app.name, Action.REMOVE, in_the_way=not binds.isdisjoint(app.spec.binds)) for app in gone]
    return tuple(steps)


def _step(app: App | None, spec: AppSpec) -> Step:
    if app is None:
        return Step(spec.name, Action.ADD)
    if spec.schedule:
        from mainstay.core import jobs  # seldom needed

        spec = jobs.declared(spec)
    changes = compare(app.spec, spec)
    shown = tuple(str(change) for change in changes if change.way)
    if not app.job.on if app.job else is_down(app):
        return Step(spec.name, Action.START, changes=shown)
    way = way_of(changes)
    return Step(spec.name, Action.CHANGE if way else Action.UNCHANGED, way, shown)
