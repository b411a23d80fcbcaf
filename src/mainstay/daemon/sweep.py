"""Ending what a worker leaves behind: children that did not end with it, wherever they went.

Found by descent, session and process group, and, since they became children of ours, by the name of the worker in
their environment. SIGTERM first; SIGKILL when their time is over; what survives even that is told.
"""

import os
import signal
import time
from collections.abc import Callable

from mainstay.daemon.reactor import Reactor
from mainstay.sys import procfs, tree

LOOK_EVERY = 0.05
AFTER_KILL = 2.0
"""Seconds after SIGKILL until a process counts as a survivor: it hangs in the kernel, or is not ours to end."""


def members(leader: int, token: str) -> tuple[tree.Member, ...]:
    """The processes of a worker, its leader included when that is still there."""
    found = {member.pid: member for member in tree.members(leader, leader)}
    mark = b"MAINSTAY_WORKER=" + token.encode()
    for pid in procfs.children(os.getpid()):
        if pid not in found and mark in procfs.read(f"/proc/{pid}/environ").split(b"\0"):
            found |= {member.pid: member for member in tree.members(pid, pid)}
    return tuple(found.values())


class Sweep:
    """The end of one worker's remains; `on_done` is called once, with what survived."""

    def __init__(
        self,
        reactor: Reactor,
        leader: int,
        token: str,
        grace: float,
        on_done: Callable[[tuple[tree.Member, ...]], None],
    ) -> None:
        self._reactor = reactor
        self._leader = leader
        self._token = token
        self._on_done = on_done
        self._kill_at = time.monotonic() + grace
        self._give_up_at = 0.0
        self._signalled: set[int] = set()

    def start(self) -> bool:
        """Begin; False when there is nothing to end, and `on_done` is not called."""
        if not self._rest():
            return False
        self._look()
        return True

    def kill(self) -> None:
        """Their time is over."""
        self._kill_at = 0.0

    def _rest(self) -> tuple[tree.Member, ...]:
        return tuple(member for member in members(self._leader, self._token) if member.pid != self._leader)

    def _look(self) -> None:
        rest = self._rest()
        now = time.monotonic()
        if not rest:
            self._on_done(())
            return
        if self._give_up_at and now >= self._give_up_at:
            self._on_done(rest)
            return
        if now >= self._kill_at:
            tree.signal_all(rest, signal.SIGKILL)
            self._give_up_at = self._give_up_at or now + AFTER_KILL
        else:
            tree.signal_all([member for member in rest if member.pid not in self._signalled], signal.SIGTERM)
            self._signalled |= {member.pid for member in rest}
        self._reactor.later(LOOK_EVERY, self._look)
