"""A daemon that belongs to a command in the foreground: started by it, asked by it, ended with it.

The command is its parent, and the one who inherits what it leaves behind: as the first process of a container, or as a
subreaper. A daemon that dies may be brought back by its guardian, so a lost connection is no end: it is asked again.
"""

from __future__ import annotations

import os
import signal
import time

from mainstay.client.connection import Cut, open_connection
from mainstay.client.home import socket_path
from mainstay.client.pulse import Pulse
from mainstay.errors import MainstayError
from mainstay.sys import procfs, subreaper, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from mainstay.cli.signals import Signals
    from mainstay.client.connection import Client
    from mainstay.protocol.shapes import Row

TICK = 0.5
"""Seconds between two looks at how the apps are."""
RETURN = 5.0
"""Seconds in which a daemon that was killed must be back."""
GOODBYE = 10.0
"""Seconds that processes without a daemon, or a daemon that says it is done, get to end."""


class StopAsked(Exception):
    """Somebody wants everything to end while something else was under way."""


class DaemonGone(MainstayError):
    """No daemon is there any more, and none has come back."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"cannot go on: the daemon is gone{how}, and was not brought back within {RETURN:g} s",
            hint="its own words are in its daemon.log",
        )


class OwnDaemon:
    """The daemon of a home. `rows` is how its apps were at the last look."""

    def __init__(self, home: str, signals: Signals) -> None:
        self.home = home
        self.socket = socket_path(home)
        self.pid = 0
        self.rows: list[Row] = []
        self.on_tick: Callable[[], None] = lambda: None
        """Called twice a second while the daemon answers, whatever it is doing."""
        self._signals = signals
        self._status: int | None = None
        """How the daemon ended (a wait status), where it was our child."""
        self._pulse = Pulse(self.socket)
        self._looked = float("-inf")

    def launch(self) -> None:
        """Start it. Raises MainstayError, also where one runs already."""
        from mainstay.client.launch import launch

        running = open_connection(self.socket)
        if running is None:
            if os.getpid() != 1:
                subreaper.become_subreaper()
            running = launch(self.home)
        with running:
            if not running.started:
                raise MainstayError(
                    f"cannot serve: a daemon (pid {running.pid}) runs already for {self.home}",
                    hint="`mainstay kill` ends it; or set MAINSTAY_HOME to another folder",
                )
            self.pid = running.pid

    def tick(self) -> bool:
        """Reap what has ended and look how the apps are, `rows`; False while no daemon answers. Raises DaemonGone.

        That it ended by itself, everything being stopped, is no rows.
        """
        self._looked = time.monotonic()
        self._reap()
        rows = self._pulse.rows()
        if rows is None:
            if self.has_finished():
                self.rows = []
                return True
            if self._pulse.silent_for > RETURN and not self._is_there():
                raise DaemonGone(self._how())
            return False
        if self.pid != self._pulse.pid:
            self.pid, self._status = self._pulse.pid, None
        self.rows = rows
        self.on_tick()
        return True

    def has_finished(self) -> bool:
        """Whether it ended of its own accord: somebody told it to, and everything is stopped."""
        self._reap()
        return self._status == 0

    def _reap(self) -> None:
        ended = subreaper.reap()
        self._status = ended.get(self.pid, self._status)

    def ask(self, verb: str, args: Mapping[str, object]) -> Any:
        """The daemon's result; asked again where a daemon died over it. Raises Refused, StopAsked, DaemonGone."""
        while True:
            client = self._connection()
            with client:
                try:
                    return client.ask(verb, args, on_wait=self._while_asking)
                except Cut:
                    continue

    def kill(self) -> None:
        """End everything, gracefully; a signal meanwhile hurries. Returns when it has ended, or is gone."""
        while not self.has_finished():
            client = self._reached()
            if client is None:
                try:
                    self.tick()
                except DaemonGone:
                    self.end_left_behind()
                    return
                self._signals.wait(0.05)
                continue
            with client:
                try:
                    client.ask("kill", {}, on_wait=self._while_ending)
                    client.hung_up(GOODBYE)
                except (Cut, DaemonGone):
                    continue
            self._wait_for_end()
            return

    def end_left_behind(self) -> None:
        """End the processes that a daemon which is gone has left to us: asked first, then killed."""
        killed_at = time.monotonic() + GOODBYE
        asked: set[tree.Member] = set()
        while left := self._children():
            if self._signals.take_stops() or time.monotonic() > killed_at:
                killed_at = 0.0
                tree.signal_all(left, signal.SIGKILL)
            else:  # once: a second one may mean that there is no time left to finish
                tree.signal_all((member for member in left if member not in asked), signal.SIGTERM)
                asked.update(left)
            self._signals.wait(0.1)
            self._reap()

    def _children(self) -> tuple[tree.Member, ...]:
        stats = procfs.all_stats()
        mine = [pid for pid, one in stats.items() if one.ppid == os.getpid()]
        return tuple(member for pid in mine for member in tree.members(pid, 0, stats))

    def _wait_for_end(self) -> None:
        end = time.monotonic() + GOODBYE
        while time.monotonic() < end and self._is_there():
            self._signals.wait(0.01)
            self._reap()

    def _connection(self) -> Client:
        while True:
            client = self._reached()
            if client is not None:
                return client
            self._while_asking()
            if self.has_finished():
                raise StopAsked
            self._signals.wait(0.05)

    def _reached(self) -> Client | None:
        try:
            return open_connection(self.socket)
        except MainstayError:
            return None

    def _while_asking(self) -> None:
        if self._signals.take_stops():
            raise StopAsked
        self._tick_in_time()

    def _while_ending(self) -> None:
        if self._signals.take_stops():
            self._hurry()
        self._tick_in_time()

    def _tick_in_time(self) -> None:
        if time.monotonic() - self._looked >= TICK:
            self.tick()

    def _hurry(self) -> None:
        """No worker gets any more time."""
        client = self._reached()
        if client is not None:
            with client:
                try:
                    client.ask("signal", {"selectors": ["all"], "signal": "SIGKILL"}, on_wait=self._tick_in_time)
                except MainstayError:
                    return

    def _is_there(self) -> bool:
        """Whether its process is: it may be stuck, or not be a child of ours."""
        found = procfs.stat(self.pid)
        return found is not None and not found.ended

    def _how(self) -> str:
        if self._status is None:
            return ""
        from mainstay.model.exits import Exited, Signaled

        code = os.waitstatus_to_exitcode(self._status)
        return f" ({Exited(code) if code >= 0 else Signaled(-code)})"
