"""`running.jsonl`: what runs, written down before anything is done about it, so that a daemon's heir can take over.

A line for each app that changed, the last one counts. It is not synced: it need not outlive the machine, only us. Room
for it is taken in advance, so that a full disk does not end it at once; what was taken and not used reads as NULs.
"""

import os
from dataclasses import replace

from mainstay import __version__
from mainstay.core.app import App
from mainstay.core.events import Token
from mainstay.core.fleet import Fleet
from mainstay.core.order import Held
from mainstay.core.waiting import Pending
from mainstay.model.codec import CodecError, Json, brief, dump, load
from mainstay.model.spec import AppSpec
from mainstay.protocol.jsontext import dumps, loads

FORMAT = 1
STEP = 128 * 1024
"""Bytes of room taken at a time."""
LARGE = 1024 * 1024
"""Bytes after which the file is written anew, without what is out of date."""


Rest = tuple[int, bool, tuple[Held, ...], dict[Token, Pending]]
"""What is written beside the apps: the next number, whether everything is being ended, what is held and for whom."""
NOTHING: Rest = (-1, False, (), {})


class Unreadable(Exception):
    """The file is there and says nothing that can be used; the text says why."""


class Running:
    """The file. What is passed in `note` are frozen values: the very same ones are not written again."""

    def __init__(self, path: str, boot: str) -> None:
        self._path = path
        self._boot = boot
        self._fd = -1
        self._end = 0
        self._room = 0
        self._limit = LARGE
        self._apps: dict[str, App] = {}
        self._specs: dict[tuple[str, int], AppSpec] = {}
        self._rest = NOTHING

    def note(self, fleet: Fleet) -> None:
        """Write down what has changed. Raises OSError; then the next call tries to write everything."""
        rest = self._rest_of(fleet)
        if fleet.apps is self._apps and rest == self._rest:
            return
        try:
            if self._fd < 0 or self._end > self._limit:
                self._begin(fleet, rest)
            else:
                self._append(self._changes(fleet, rest))
        except OSError:
            self._fd = self._forget()
            raise
        self._apps, self._rest = fleet.apps, rest

    def remove(self) -> None:
        """Nothing runs any more."""
        self._forget()
        if os.path.lexists(self._path):
            os.unlink(self._path)

    def _forget(self) -> int:
        if self._fd >= 0:
            os.close(self._fd)
        self._apps, self._specs, self._rest, self._fd = {}, {}, NOTHING, -1
        return -1

    @staticmethod
    def _rest_of(fleet: Fleet) -> Rest:
        tokens = {held.request.token for held in fleet.held}
        pending = {token: fleet.pending[token] for token in tokens & fleet.pending.keys()}
        return fleet.next_number, fleet.killing is not None, fleet.held, pending

    def _begin(self, fleet: Fleet, rest: Rest) -> None:
        """Write everything into a new file, and put it in the place of the old one when it is whole."""
        self._forget()
        draft = self._path + ".new"
        self._fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._end = self._room = 0
        head: Json = {"format": FORMAT, "boot": self._boot, "mainstay": __version__}
        self._append([head, *self._changes(fleet, rest)])
        self._limit = LARGE + 2 * self._end
        os.rename(draft, self._path)

    def _changes(self, fleet: Fleet, rest: Rest) -> list[Json]:
        lines: list[Json] = []
        for name, app in fleet.apps.items():
            if self._apps.get(name) is app:
                continue
            for generation, spec in app.specs.items():
                if self._specs.get((name, generation)) is not spec:
                    self._specs[name, generation] = spec
                    lines.append({"spec": [name, generation], "value": brief(spec)})
            lines.append({"app": name, "specs": list(app.specs), "value": brief(replace(app, specs={}))})
        lines += [{"gone": name} for name in self._apps.keys() - fleet.apps.keys()]
        if rest != self._rest:
            number, killing, held, pending = rest
            line: dict[str, Json] = {"next_number": number, "killing": killing}
            if held or self._rest[2]:
                line |= {"held": dump(held), "pending": dump(pending)}
            lines.append(line)
        return lines

    def _append(self, lines: list[Json]) -> None:
        data = "".join(dumps(line) + "\n" for line in lines).encode()
        if self._end + len(data) > self._room:
            more = STEP * (1 + (self._end + len(data) - self._room) // STEP)
            os.posix_fallocate(self._fd, self._room, more)
            self._room += more
        rest, at = memoryview(data), self._end
        while rest:
            written = os.pwrite(self._fd, rest, at)
            rest, at = rest[written:], at + written
        self._end = at


def read(path: str, boot: str, cores: int) -> tuple[Fleet, bool] | None:
    """The fleet that was written down, and whether everything was being ended; None when there is none of this boot.

    A last line that is not whole is left out. Raises Unreadable, OSError.
    """
    try:
        with open(path, "rb") as file:
            data = file.read().partition(b"\0")[0]
    except FileNotFoundError:
        return None
    lines = data.splitlines(keepends=True)
    head = _line(lines[0]) if lines else None
    if head is None or not isinstance(head.get("format"), int):
        raise Unreadable("its first line does not say what it is")
    if head["format"] != FORMAT:
        raise Unreadable(f"it has the format {head['format']}, this is mainstay {__version__} with {FORMAT}")
    if head.get("boot") != boot:
        return None
    specs: dict[tuple[str, int], object] = {}
    apps: dict[str, dict[str, object]] = {}
    rest: dict[str, object] = {}
    for raw in lines[1:]:
        line = _line(raw)
        if line is None:
            break  # the daemon was killed while it wrote it
        _take(line, specs, apps, rest)
    try:
        fleet = Fleet(cores, {name: _app(name, line, specs) for name, line in apps.items()})
        number = load(int, rest.get("next_number", 0), "next_number")
        held = load(tuple[Held, ...], rest.get("held", []), "held")
        pending = load(dict[Token, Pending], rest.get("pending", {}), "pending")
    except (CodecError, KeyError) as error:
        raise Unreadable(str(error)) from error
    return replace(fleet, next_number=number, held=held, pending=pending), rest.get("killing") is True


def _line(raw: bytes) -> dict[str, object] | None:
    if not raw.endswith(b"\n"):
        return None
    try:
        value = loads(raw.decode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _take(
    line: dict[str, object],
    specs: dict[tuple[str, int], object],
    apps: dict[str, dict[str, object]],
    rest: dict[str, object],
) -> None:
    key = line.get("spec")
    if isinstance(key, list) and len(key) == 2:
        specs[str(key[0]), int(key[1])] = line.get("value")
    elif "app" in line:
        apps[str(line["app"])] = line
    elif "gone" in line:
        apps.pop(str(line["gone"]), None)
    else:
        rest |= line


def _app(name: str, line: dict[str, object], specs: dict[tuple[str, int], object]) -> App:
    value = line.get("value")
    generations = line.get("specs")
    if not isinstance(value, dict) or not isinstance(generations, list):
        raise CodecError(f"the line of {name} is not one of an app")
    known = {int(generation): load(AppSpec, specs[name, int(generation)], name) for generation in generations}
    return replace(load(App, value, name), specs=known)
