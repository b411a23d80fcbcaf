"""`mainstay dev` while it runs: start, then new code at each save; what cannot be run is shown and changes nothing."""

from __future__ import annotations

import os
import time

from mainstay.cli.applying import applications, carried_out, places
from mainstay.cli.development import drop_bytecode, script_of, syntax_error
from mainstay.cli.failures import show_error
from mainstay.cli.file_changes import Looked, Told, has_watchfiles
from mainstay.cli.own_daemon import AT_REST, TICK, DaemonGone, StopAsked
from mainstay.cli.terminal import BOLD, DIM, GREEN, RED
from mainstay.client.connection import Refused
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.development import Development
    from mainstay.cli.own_daemon import OwnDaemon
    from mainstay.cli.signals import Signals
    from mainstay.cli.terminal import Console
    from mainstay.model.spec import AppSpec
    from mainstay.protocol.shapes import Details

_NAMED = 3


class Developing:
    """One run, from the first start to Ctrl-C."""

    def __init__(self, daemon: OwnDaemon, development: Development, console: Console) -> None:
        self._daemon = daemon
        self._development = development
        self._console = console
        self._changed: set[str] = set()
        self._resting: set[str] = set()

    def run(self, signals: Signals, *, reload: bool) -> int:
        """Until it is told to stop; the exit code."""
        watcher = self._watcher(signals) if reload else None
        try:
            if not self._start(self._development.specs, reload=reload):
                return 1
            while True:
                self._daemon.tick()
                self._tell_of_ends(reload=reload)
                if not reload and self._resting and self._resting == {spec.name for spec in self._development.specs}:
                    return 0
                signals.wait(TICK)
                if signals.take():
                    return 0
                changed, self._changed = self._changed, set()
                if changed:
                    self._reload(changed)
        except StopAsked:
            return 0
        except DaemonGone as gone:
            return show_error(gone, self._console.err)
        finally:
            if watcher is not None:
                watcher.close()

    def _watcher(self, signals: Signals) -> Told | Looked:
        ours = _own_output()

        def note(paths: set[str]) -> None:
            self._changed |= {path for path in paths if _identity(path) not in ours}
            signals.wake()

        if has_watchfiles():
            return Told(self._development.roots, note)
        self._say("looking for changes twice a second; pip install 'mainstay[watch]' has them told at once", DIM)
        return Looked(self._development.roots, note)

    def _start(self, specs: Sequence[AppSpec], *, reload: bool) -> bool:
        """Start apps that are not there yet; whether that went well, or may when a file is saved."""
        try:
            self._apply(specs)
        except Refused as error:
            self._show(error)
            if not reload or _is_address(error, specs):
                return False
            self._say("waiting for a change", DIM)
            return True
        self._say_where(specs)
        return True

    def _reload(self, changed: set[str]) -> None:
        """Take what was saved."""
        began = time.monotonic()
        drop_bytecode(changed)
        names = _shown(changed)
        runs_scripts = any(script_of(spec) for spec in self._development.specs)
        broken = syntax_error(sorted(changed)) if runs_scripts else ""
        if broken:
            self._say(f"{broken}: what ran runs on", RED)
            return
        try:
            declarations = {path for path in changed if self._development.declares(path)}
            if declarations:
                self._declare()
            if changed - declarations:
                self._restart(self._development.specs)
        except DaemonGone:
            raise
        except MainstayError as error:
            self._show(error)
            self._say(f"not reloaded ({names}); waiting for a change", DIM)
            return
        self._say(f"reloaded in {time.monotonic() - began:.2f} s: {names}", GREEN)

    def _declare(self) -> None:
        """Make true what the file says now."""
        specs = self._development.specs = self._development.read()
        gone = self._there() - {spec.name for spec in specs}
        if gone:
            self._daemon.ask("delete", {"selectors": sorted(gone)})
        self._apply(specs)

    def _apply(self, specs: Sequence[AppSpec]) -> None:
        carried_out(applications(specs, {"mode": "start", "only": True}), self._daemon.ask)

    def _there(self) -> set[str]:
        self._daemon.tick()
        return {row["app"] for row in self._daemon.rows}

    def _restart(self, specs: Sequence[AppSpec]) -> None:
        """New code for what is there, a first start for what is not."""
        there = self._there()
        known = sorted(spec.name for spec in specs if spec.name in there)
        if known:
            self._daemon.ask("restart", {"selectors": known})
        new = [spec for spec in specs if spec.name not in there]
        if new:
            self._apply(new)
            self._say_where(new)
        self._resting.clear()

    def _tell_of_ends(self, *, reload: bool) -> None:
        """Say once when an app has ended."""
        resting = {row["app"] for row in self._daemon.rows if row["status"] in AT_REST}
        for name in sorted(resting - self._resting):
            details: Details = self._daemon.ask("describe", {"selectors": [name]})
            ends = [slot["exits"][-1]["reason"] for slot in details["apps"][0]["slots"] if slot["exits"]]
            what = f"{name} has ended ({ends[-1]})" if ends else f"{name} has ended"
            self._say(f"{what}; waiting for a change" if reload else what, DIM)
        self._resting = resting

    def _show(self, error: MainstayError) -> None:
        """Without the last lines: they are on the terminal."""
        error.lines = ()
        show_error(error, self._console.err)

    def _say_where(self, specs: Sequence[AppSpec]) -> None:
        for name, place in places(specs).items():
            self._say(f"{name} serves {place}", BOLD)

    def _say(self, text: str, style: str) -> None:
        self._console.err.print_all([self._console.err.paint(f"mainstay: {text}", style)])


def _is_address(error: Refused, specs: Sequence[AppSpec]) -> bool:
    """Whether it is the address that cannot be had, which no change of a file will mend."""
    return any(error.message.startswith(f"cannot start {spec.name}: {bind}") for spec in specs for bind in spec.binds)


def _own_output() -> set[tuple[int, int]]:
    """Where this command writes to: what it prints about a change must not be one."""
    return {(status.st_dev, status.st_ino) for status in map(os.fstat, (1, 2))}


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _shown(changed: set[str]) -> str:
    names = sorted(os.path.relpath(path) for path in changed)
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
