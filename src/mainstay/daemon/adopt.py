"""Finds out what still runs of what the daemon before us wrote down, and takes hold of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from mainstay.core.app import App, every_slot, is_python
from mainstay.core.effects import RunStep
from mainstay.core.fleet import Fleet
from mainstay.core.resume import Found, Process
from mainstay.core.slot import Alive, Slot
from mainstay.daemon.outputs import TEMPLATE
from mainstay.daemon.sweep import token_of
from mainstay.daemon.templates import KEPT, Templates
from mainstay.daemon.workers import Workers
from mainstay.model.spec import AppSpec
from mainstay.sys import procfs
from mainstay.sys.fdstore import FdStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.daemon.steps import Steps


def adopt(fleet: Fleet, store: FdStore, templates: Templates, workers: Workers, steps: Callable[[], "Steps"]) -> Found:
    """Take over the templates, workers and steps that run; what they are, for the core.

    `steps` makes what runs the commands of apps, when there is one to take over.
    """

    def spec_of(app: str, generation: int) -> AppSpec | None:
        return fleet.apps[app].specs.get(generation) if app in fleet.apps else None

    kept = [name for name in store.names() if name.startswith(f"{KEPT} ")]
    loaded = frozenset(key for name in kept if (key := templates.adopt(name, spec_of)) is not None)
    found: dict[str, Process] = {}
    coming: set[str] = set()
    marked: dict[str, Process] | None = None
    for app, slot, life in _alive(fleet):
        worker, spec = life.worker, app.specs[slot.generation]
        if worker.id in app.held:
            continue
        if not worker.pid:
            if is_python(spec) and workers.inquire(worker.id, spec, templates):
                coming.add(worker.id.token)
                continue
            marked = _marked() if marked is None else marked
            process = marked.get(worker.id.token)
            if process is None:
                continue
            worker = replace(worker, pid=process.pid, born=process.start)
        if workers.adopt(replace(life, worker=worker), spec):
            found[worker.id.token] = Process(worker.pid, worker.born)
    stepping = _adopt_steps(fleet, steps, marked)
    _let_go(fleet, store, {*found, *coming, *stepping.values()})
    return Found(found, loaded, frozenset(coming), frozenset(stepping))


def _adopt_steps(fleet: Fleet, steps: Callable[[], "Steps"], marked: dict[str, Process] | None) -> dict[str, str]:
    """The apps of which a command runs, each with the name of its output. `marked`, where that was looked for."""
    found: dict[str, str] = {}
    for name, app in fleet.apps.items():
        if app.step is None:
            continue
        from mainstay.daemon.steps import key_of  # seldom needed

        marked = _marked() if marked is None else marked
        effect = RunStep(name, app.step.generation, app.step.stage, app.specs[app.step.generation])
        key = key_of(effect)
        process = marked.get(key)
        if process and steps().adopt(effect, process.pid, process.start):
            found[name] = key
    return found


def _alive(fleet: Fleet) -> Iterator[tuple[App, Slot, Alive]]:
    for app in fleet.apps.values():
        for slot in every_slot(app):
            if isinstance(slot.life, Alive):
                yield app, slot, slot.life


def _marked() -> dict[str, Process]:
    """What was started in this home with our mark in its environment and leads a session, by the worker's token."""
    found = {}
    for pid, one in procfs.all_stats().items():
        if one.session != pid or one.ended:
            continue
        token = token_of(pid)
        if token:
            found[token] = Process(pid, one.start)
    return found


def _let_go(fleet: Fleet, store: FdStore, tokens: set[str]) -> None:
    """Close what was kept for workers and apps that are no more."""
    left = []
    for name in store.names():
        kind, _, rest = name.partition(" ")
        of_worker = kind in ("control", "out") and rest not in tokens and f".{TEMPLATE}." not in rest
        of_app = kind == "listen" and rest.partition(" ")[0] not in fleet.apps
        if of_worker or of_app:
            left.append(name)
    if left:
        store.drop(left, now=True)
