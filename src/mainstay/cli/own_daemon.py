"""A daemon that belongs to a command in the foreground: started by it, asked by it, ended with it.

The command is its parent, and the one who inherits what it leaves behind: as the first process of a container, or as a
subreaper. A daemon that is killed is brought back by its guardian, or by us where that was killed as well, and takes
over the workers: a lost connection is no end, it is asked again. Only a daemon that cannot be brought back is gone.

A command that is killed leaves its daemon, with all that it serves, to the next one.
"""

from __future__ import annotations

import os
import signal
import time

from mainstay.client.connection import Cut, open_connection
from mainstay.client.home import prepared_home, socket_path
from mainstay.client.launch import LaunchFailed, bring_back, launch, was_killed
from mainstay.client.pulse import Pulse
from mainstay.errors import MainstayError
from mainstay.sys import files, procfs, subreaper, tree

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
"""Seconds in which a daemon that was killed is brought back, try by try."""
GOODBYE = 10.0
"""Seconds that processes without a daemon, or a daemon that says it is done, get to end."""
OURS = {"MAINSTAY_FOREGROUND": "1"}
"""What the environment of a daemon says that belongs to a command in the foreground."""
LOCK_FILE = "foreground.lock"
"""Held by the command that a daemon belongs to."""


AT_REST = ("stopped", "errored")
"""What is said of a slot that nothing of runs, and nothing will by itself."""


class StopAsked(Exception):
    """Somebody wants everything to end while something else was under way."""


class DaemonGone(MainstayError):
    """No daemon is there any more, and none has come back."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"cannot go on: the daemon is gone{how}, and cannot be brought back",
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
        self._lock: int | None = None

    def launch(self) -> None:
        """Start it, or take the one that a command like us has left. Raises MainstayError where that is not ours."""
        self._hold()
        running = open_connection(self.socket)
        if running is None:
            _inherit_orphans()
            running = launch(self.home, mark=OURS)
        with running:
            if not running.started and not (self._lock is not None and _was_left(running.pid)):
                raise MainstayError(
                    f"cannot serve: a daemon (pid {running.pid}) runs already for {self.home}",
                    hint="`mainstay kill` ends it; or set MAINSTAY_HOME to another folder",
                )
            self.pid = running.pid
        _inherit_orphans()

    def _hold(self) -> None:
        """Be the one that the daemon of this home belongs to, unless another command is."""
        path = os.path.join(prepared_home(self.home), LOCK_FILE)
        try:
            self._lock = files.lock(path)
        except OSError as error:
            raise MainstayError(f"cannot serve: {path}: {error.strerror}") from None

    def tick(self) -> bool:
        """Reap what has ended and look how the apps are, `rows`; False while no daemon answers. Raises DaemonGone.

        That it ended by itself, everything being stopped, is no rows.
        """
        self._looked = time.monotonic()
        rows = self._pulse.rows()
        if rows is None:
            if self.has_finished():
                self.rows = []
                return True
            if not self._is_there():
                self._bring_back()
            return False
        self._know(self._pulse.pid)
        self._reap()
        self.rows = rows
        self.on_tick()
        return True

    def has_finished(self) -> bool:
        """Whether it ended of its own accord: somebody told it to, and everything is stopped."""
        self._reap()
        return self._status == 0 or not (self._is_there() or was_killed(self.home) or self._is_held())

    def _know(self, pid: int) -> None:
        """This daemon answers."""
        if self.pid != pid:
            self.pid, self._status = pid, None

    def _bring_back(self) -> None:
        """See to it that there is a daemon again: the guardian starts one, or else we do."""
        self._reap()
        try:
            client = bring_back(self.home, OURS)
        except LaunchFailed:
            if self._pulse.silent_for > RETURN:
                raise DaemonGone(self._how()) from None
            return
        if client is not None:
            client.close()

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
        """End the processes that a daemon which is gone has left to us: asked first, then killed.

        Its guardian is one of them, so that nothing comes after us.
        """
        killed_at = time.monotonic() + GOODBYE
        given_up_at = killed_at + GOODBYE
        asked: set[tree.Member] = set()
        while (left := self._children()) and time.monotonic() < given_up_at:
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
            client = open_connection(self.socket)
        except MainstayError:
            return None
        if client is not None:
            self._know(client.pid)
        return client

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
        """Whether its process is: it may be stuck, or not be a child of ours. One of ours is until it is reaped.

        A zombie cannot be reaped as long as one of its threads is ending.
        """
        found = procfs.stat(self.pid) if self._status is None else None
        return found is not None and (found.ppid == os.getpid() or not found.ended)

    def _is_held(self) -> bool:
        """Whether some daemon has this home, be it one that we have not met."""
        try:
            return files.is_held(os.path.join(self.home, "daemon.lock"))
        except OSError:
            return False

    def _how(self) -> str:
        if self._status is None:
            return ""
        from mainstay.model.exits import Exited, Signaled

        code = os.waitstatus_to_exitcode(self._status)
        return f" ({Exited(code) if code >= 0 else Signaled(-code)})"


def _inherit_orphans() -> None:
    if os.getpid() != 1:
        subreaper.become_subreaper()


def _was_left(pid: int) -> bool:
    """Whether this daemon belonged to a command in the foreground, which is no more since we hold its lock."""
    variables = procfs.environ(pid)
    return all(variables.get(name.encode()) == value.encode() for name, value in OURS.items())
