"""What the daemon remembers: what runs, for its heir, and what is declared, for the next boot."""

import os
from collections.abc import Callable

from mainstay.core.fleet import Fleet
from mainstay.core.resume import after_shutdown
from mainstay.daemon.declared import Declared
from mainstay.daemon.running import Running, Unreadable, read
from mainstay.sys.machine import boot_id

RUNNING = "running.jsonl"


class State:
    """Both files in one folder. `report` gets a line when they cannot be read or written, and when they can again."""

    def __init__(self, folder: str, report: Callable[[str], None]) -> None:
        self._path = os.path.join(folder, RUNNING)
        self._boot = boot_id() or ""
        self._running = Running(self._path, self._boot)
        self._declared = Declared(folder)
        self._report = report
        self._trouble = ""

    def load(self, cores: int) -> tuple[Fleet, bool, bool]:
        """The fleet; whether processes of it may run; whether everything was being ended. Raises OSError."""
        fleet, troubles = self._declared.read(cores)
        found = None
        try:
            found = read(self._path, self._boot, cores)
        except Unreadable as error:
            aside = self._path + ".damaged"
            os.rename(self._path, aside)
            troubles.append(f"cannot read {self._path}: {error}; it is kept as {aside}")
        for trouble in troubles:
            self._report(trouble)
        if found is None:
            return after_shutdown(fleet), False, False
        return found[0], True, found[1]

    def note(self, fleet: Fleet) -> None:
        """Write down what is about to be done."""
        self._declared.look(fleet)
        try:
            self._running.note(fleet)
        except OSError as error:
            self._say(f"cannot write {self._path}: {error.strerror}: a daemon after this one could not take over")
        else:
            self._say("")

    @property
    def is_behind(self) -> bool:
        """Whether `remember` has something to do."""
        return self._declared.is_behind

    def remember(self, fleet: Fleet) -> str:
        """Make durable what is declared; why that cannot be, or nothing."""
        if not self._declared.is_behind:
            return ""
        try:
            self._declared.write(fleet)
        except OSError as error:
            self._report(f"cannot write state.json: {error.strerror}")
            return f"cannot remember this over a reboot: state.json cannot be written: {error.strerror}"
        return ""

    def close(self, fleet: Fleet) -> None:
        """Nothing runs any more: what is left to know is what is declared."""
        self._declared.look(fleet)
        self.remember(fleet)
        self._running.remove()

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._report(trouble or f"{self._path} can be written again")
            self._trouble = trouble
