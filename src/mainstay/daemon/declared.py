"""`state.json`: what is declared, whether it is to be up, and its counters. It outlives the machine's power.

Written whole, synced and put in place before a request that changed something is answered. The one before is kept as
`state.previous.json`, and taken when this one turns out to be damaged.
"""

import os
import time
from contextlib import suppress
from dataclasses import replace

from mainstay import __version__
from mainstay.core.app import App
from mainstay.core.fleet import Fleet
from mainstay.core.resume import after_shutdown
from mainstay.model.codec import CodecError, Json, brief, load
from mainstay.model.spec import AppSpec
from mainstay.protocol.jsontext import dumps, loads
from mainstay.sys import files

FORMAT = 1

Mark = tuple[AppSpec, frozenset[int], tuple[tuple[int, int], ...]]
"""What of an app must not be forgotten: its spec, the slots that are up, the numbers of all."""


class Declared:
    """The file, and what it holds now."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "state.json")
        self._previous = os.path.join(folder, "state.previous.json")
        self._marks: dict[str, Mark] | None = None
        self._seen: dict[str, App] = {}
        self.is_behind = False
        """Whether something has changed that it must hold and does not."""

    def look(self, fleet: Fleet) -> None:
        """See whether something has changed that must be remembered."""
        if fleet.apps is self._seen:
            return
        self._seen = fleet.apps
        if self._marks is None or self._marks.keys() != fleet.apps.keys():
            self.is_behind = True
        else:
            self.is_behind = self.is_behind or any(self._marks[n] != _mark(app) for n, app in fleet.apps.items())

    def write(self, fleet: Fleet) -> None:
        """Make it durable. Raises OSError: then the file is as it was."""
        rested = after_shutdown(fleet)
        apps: list[Json] = [brief(app) for app in rested.apps.values()]
        state: Json = {
            "format": FORMAT,
            "mainstay": __version__,
            "next_number": rested.next_number,
            "apps": apps,
        }
        self._keep_previous()
        files.write_atomic(self._path, dumps(state).encode() + b"\n")
        self._marks = {name: _mark(app) for name, app in fleet.apps.items()}
        self._seen, self.is_behind = fleet.apps, False

    def read(self, cores: int) -> tuple[Fleet, list[str]]:
        """What was declared, and what had to be set aside, in words. Raises OSError when it may not be read."""
        troubles: list[str] = []
        for path in (self._path, self._previous):
            try:
                return _read(path, cores), troubles
            except FileNotFoundError:
                continue
            except (CodecError, ValueError) as error:
                aside = f"{path}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
                os.rename(path, aside)
                troubles.append(f"cannot read {path}: {error}; it is kept as {aside}")
        return Fleet(cores), troubles

    def _keep_previous(self) -> None:
        """A second name for the file that is about to be replaced; where that cannot be had, it goes without."""
        draft = self._previous + ".new"
        with suppress(OSError):
            with suppress(FileNotFoundError):
                os.unlink(draft)
            os.link(self._path, draft)
            os.rename(draft, self._previous)


def _mark(app: App) -> Mark:
    up = frozenset(index for index, slot in app.slots.items() if slot.up) | app.revive
    return app.spec, up, tuple(app.numbers.items())


def _read(path: str, cores: int) -> Fleet:
    with open(path, "rb") as file:
        value = loads(file.read().decode())
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ValueError(f"it is not a state of the format {FORMAT}")
    apps = load(tuple[App, ...], value.get("apps"), "apps")
    number = load(int, value.get("next_number"), "next_number")
    return replace(Fleet(cores), apps={app.name: app for app in apps}, next_number=number)
