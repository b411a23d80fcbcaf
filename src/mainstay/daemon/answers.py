"""The verbs that only look: what the core knows, with what is measured and where the logs are."""

import os
import time

from mainstay import __version__
from mainstay.core import report
from mainstay.core.app import App
from mainstay.core.fleet import Fleet
from mainstay.core.select import UnknownSelector, select
from mainstay.daemon import environment
from mainstay.daemon.asking import Arguments, selectors, specs
from mainstay.daemon.metrics import Metrics
from mainstay.daemon.outputs import STREAMS, TEMPLATE, Outputs
from mainstay.errors import NoSuchName
from mainstay.model.codec import Json
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.masking import MASK, without_secrets
from mainstay.model.spec import PythonApp, environment_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.daemon.schedule import Schedules

SECRET_WORDS = ("PASSWORD", "PASSWD", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "DSN", "PRIVATE", "AUTH", "COOKIE")


class Answers:
    """Answers from the fleet as it is at the moment."""

    def __init__(self, outputs: Outputs, metrics: Metrics) -> None:
        self._outputs = outputs
        self._metrics = metrics
        self.schedules: Schedules | None = None
        """What knows when something is due, once an app has a schedule."""
        self._started = time.monotonic()

    def answer(self, fleet: Fleet, verb: str, args: Arguments) -> Json:
        """The result for a verb that looks; None when there is no such verb. Raises NoSuchName, UsageError."""
        match verb:
            case "list":
                rows = self._rows(fleet)
                return {"rows": list(rows if args.get("measure") is False else self._measured(rows))}
            case "describe":
                return {"apps": [self._describe(app, fleet) for app in _chosen(fleet, selectors(args))]}
            case "streams":
                return {"streams": self._streams(fleet, args)}
            case "env":
                return _env(fleet, str(args.get("selector", "")))
            case "plan":
                return {"apps": _plan(fleet, args)}
            case "ping":
                uptime = round(time.monotonic() - self._started, 3)
                return {"pid": os.getpid(), "version": __version__, "uptime": uptime}
            case _:
                return None

    def _rows(self, fleet: Fleet) -> list[report.Row]:
        rows = report.rows(fleet, time.monotonic(), time.time())
        for row in rows:
            self._tell_next(row["schedule"], str(row["app"]))
        return rows

    def _tell_next(self, planned: Json, app: str) -> None:
        if isinstance(planned, dict) and self.schedules:
            planned["next"] = self.schedules.next(app)

    def _measured(self, rows: list[report.Row]) -> list[report.Row]:
        used = self._metrics.usage(pid for row in rows if isinstance(pid := row["pid"], int))
        for row in rows:
            pid = row["pid"]
            if isinstance(pid, int):
                row["cpu"], row["memory"] = used[pid]
        return rows

    def _describe(self, app: App, fleet: Fleet) -> Json:
        found = report.describe(app, fleet, time.monotonic(), time.time())
        _mask(found["spec"])
        self._tell_next(found["job"], app.name)
        slots = found["slots"]
        assert isinstance(slots, list)
        for row in self._measured([row for row in slots if isinstance(row, dict)]):
            index = row["index"]
            assert isinstance(index, int)
            slot = SlotId(app.name, index)
            self._tell_next(row["schedule"], app.name)
            row["logs"] = {s: self._outputs.path(app.spec, str(slot), s) for s in STREAMS} | {
                "dropped": dict(self._outputs.dropped(app.spec, slot))
            }
        return found

    def _streams(self, fleet: Fleet, args: Arguments) -> list[Json]:
        names = selectors(args) if args.get("selectors") else ("all",)
        found: list[Json] = []
        for name, indexes in _select(fleet, names).items():
            app = fleet.apps[name]
            places = [(f"{name}-{i}", i) for i in sorted(app.slots) if indexes is None or i in indexes]
            if indexes is None and isinstance(app.spec.program, PythonApp):
                places.append((f"{name}-{TEMPLATE}", -1))
            if indexes is None and (app.spec.before_start or app.spec.after_stop):
                from mainstay.daemon import steps

                places += [(place, -1) for place in steps.places(app.spec)]
            for place, index in places:
                for stream in STREAMS:
                    path = self._outputs.path(app.spec, place, stream)
                    found.append({"app": name, "slot": place, "index": index, "stream": stream, "path": path})
        return found


def _select(fleet: Fleet, names: tuple[str, ...]) -> dict[str, frozenset[int] | None]:
    try:
        return select(fleet.apps, names)
    except UnknownSelector as error:
        hint = f"did you mean {error.nearest}?" if error.nearest else "`mainstay list` shows the names"
        raise NoSuchName(f"nothing is called {error.selector!r}", hint=hint) from error


def _chosen(fleet: Fleet, names: tuple[str, ...]) -> list[App]:
    return [fleet.apps[name] for name in _select(fleet, names)]


def is_secret(name: str) -> bool:
    """Whether a variable of this name is shown only when asked for."""
    return any(word in name.upper() for word in SECRET_WORDS) or name.upper().endswith(("_URL", "_URI"))


def _mask(spec: Json) -> None:
    """Hide the values of variables, and of a webhook's address all but its host, in a spec as data."""
    layers = spec.get("env") if isinstance(spec, dict) else None
    for layer in layers if isinstance(layers, list) else []:
        values = layer.get("values") if isinstance(layer, dict) else None
        if isinstance(layer, dict) and isinstance(values, dict):
            layer["values"] = dict.fromkeys(values, MASK)
    hooks = spec.get("hooks") if isinstance(spec, dict) else None
    for hook in hooks if isinstance(hooks, list) else []:
        if isinstance(hook, dict):
            argv = hook["argv"]
            hook["url"] = without_secrets(str(hook["url"]))
            hook["argv"] = [without_secrets(str(word)) for word in argv] if isinstance(argv, list) else []


def _plan(fleet: Fleet, args: Arguments) -> list[Json]:
    from mainstay.core.forecast import forecast  # seldom asked for

    return [
        {
            "app": step.app,
            "action": step.action.value,
            "way": step.way.name.lower() if step.way else "",
            "changes": list(step.changes),
            "in_the_way": step.in_the_way,
        }
        for step in forecast(fleet.apps, specs(args), str(args.get("source") or ""))
    ]


def _env(fleet: Fleet, selector: str) -> Json:
    ((name, indexes),) = list(_select(fleet, (selector,)).items())[:1] or [("", None)]
    app = fleet.apps.get(name)
    if app is None:
        raise NoSuchName("no app runs", hint="`mainstay start` starts one")
    index = min(indexes) if indexes else 0
    worker = WorkerId(SlotId(name, index), app.generation, 0)
    suggested = {key: (value, environment.INJECTED) for key, value in environment.suggested(app.spec).items()}
    values = suggested | environment_of(app.spec)
    injected = environment.common(app.spec) | environment.of_worker(app.spec, worker)
    injected.pop("MAINSTAY_WORKER")
    values |= {key: (value, environment.INJECTED) for key, value in injected.items()}
    variables: list[Json] = [
        {"name": key, "value": value, "source": source, "secret": is_secret(key)}
        for key, (value, source) in sorted(values.items())
    ]
    return {"app": name, "slot": f"{name}-{index}", "variables": variables}
