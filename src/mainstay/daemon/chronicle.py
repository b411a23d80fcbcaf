"""Telling what happened: to daemon.log and to events.jsonl."""

import os
from collections import deque

from mainstay.core.effects import Facts, Record
from mainstay.daemon.asking import Arguments
from mainstay.daemon.events_log import EventsLog, Later
from mainstay.daemon.journal import Journal
from mainstay.model.happening import Kind

MOST_APPS = 100
_SHOWN = ("selectors", "app", "to", "canary", "action", "signal", "mode")
"""Arguments of a request that are written down: none of them holds anything secret."""


class Chronicle:
    """Where everything is told."""

    def __init__(self, home: str, journal: Journal, later: Later) -> None:
        self._journal = journal
        self._events = EventsLog(os.path.join(home, "events.jsonl"), later, journal.write)
        self._troubles: deque[str] = deque()

    def happened(self, record: Record) -> None:
        """The core records something about an app."""
        self._journal.write(f"{record.app}: {record.text}")
        self._events.write(record.kind, record.text, record.app, record.facts)

    def tell(self, kind: Kind, text: str, app: str = "", facts: Facts | None = None) -> None:
        """Something happened that is not of the core's making."""
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
