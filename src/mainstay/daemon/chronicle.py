"""Telling what happened: to daemon.log, to events.jsonl, and to the hooks that are declared for it.

The hooks' modules are loaded when the first of them is called.
"""

import os
from collections import deque
from collections.abc import Callable

from mainstay.core.effects import Facts, Record
from mainstay.daemon.asking import Arguments
from mainstay.daemon.events_log import EventsLog, Later
from mainstay.daemon.journal import Journal
from mainstay.model.happening import HOOKED, Kind
from mainstay.model.spec import AppSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.daemon.hooks import Hooks

MOST_APPS = 100
_SHOWN = ("selectors", "app", "to", "canary", "action", "signal", "mode")
"""Arguments of a request that are written down: none of them holds anything secret."""


class Chronicle:
    """Where everything is told. `hooks` makes what calls hooks, at the first one."""

    def __init__(self, home: str, journal: Journal, later: Later, hooks: "Callable[[Chronicle], Hooks]") -> None:
        self._journal = journal
        self._events = EventsLog(os.path.join(home, "events.jsonl"), later, journal.write)
        self._make_hooks = hooks
        self._hooks: Hooks | None = None
        self._troubles: deque[str] = deque()

    def happened(self, record: Record, spec: AppSpec | None) -> None:
        """The core records something about an app, whose spec is None when it is gone."""
        self._journal.write(f"{record.app}: {record.text}")
        event = self._events.write(record.kind, record.text, record.app, record.facts)
        if spec and record.kind in HOOKED and any(hook.event == record.kind.value for hook in spec.hooks):
            if self._hooks is None:
                self._hooks = self._make_hooks(self)
            self._hooks.fire(spec, event)

    def tell(self, kind: Kind, text: str, app: str = "", facts: Facts | None = None) -> None:
        """Something happened that no hook can be declared for."""
        self._journal.write(f"{app}: {text}" if app else text)
        self._events.write(kind, text, app, facts)

    def asked(self, verb: str, args: Arguments, uid: int) -> None:
        """A user asks for something to be done."""
        facts: Facts = {"verb": verb, "uid": uid, "apps": list(_apps(args)[:MOST_APPS])}
        shown = [f"{key} {_words(args[key])}" for key in _SHOWN if args.get(key)]
        self.tell(Kind.REQUEST, ", ".join((verb, *shown)), "", facts)

    def refused(self, verb: str, message: str, uid: int) -> None:
        """What a user asked for was not done, or not all of it."""
        self.tell(Kind.REQUEST_REFUSED, f"{verb}: {message}", "", {"verb": verb, "uid": uid})

    def trouble(self, text: str) -> None:
        """Output cannot be written, or can be again. May be called from any thread; an event with the next `flush`."""
        self._journal.write(text)
        self._troubles.append(text)

    def flush(self) -> None:
        """Write down what other threads have told."""
        while self._troubles:
            self._events.write(Kind.OUTPUT, self._troubles.popleft())

    @property
    def calls_hooks(self) -> bool:
        """Whether some hook runs, or waits for its turn."""
        return self._hooks is not None and self._hooks.is_busy

    def forget(self, app: str) -> None:
        """An app is gone."""
        if self._hooks is not None:
            self._hooks.forget(app)


def _apps(args: Arguments) -> list[str]:
    """The names that a request is for."""
    if isinstance(args.get("app"), str):
        return [str(args["app"])]
    specs = args.get("specs")
    if isinstance(specs, list):
        return [str(spec.get("name", "")) for spec in specs if isinstance(spec, dict)]
    selectors = args.get("selectors")
    return [str(name) for name in selectors] if isinstance(selectors, list) else []


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
