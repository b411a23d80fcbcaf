"""Ending what a process of ours leaves behind: children that did not end with it, wherever they went.

Found by descent, session and process group, since they became children of ours by the mark in their environment, and by
their cgroup where there is one.
SIGTERM first; SIGKILL when their time is over; what survives even that is told.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from mainstay.daemon.children import Children
from mainstay.daemon.pens import Pens
from mainstay.daemon.reactor import Reactor
from mainstay.sys import procfs, tree

MARK = "MAINSTAY_WORKER"
"""The variable by which we know what a worker has started."""
HOME = "MAINSTAY_HOME"
LOOK_EVERY = 0.05
FRESH = 0.02
"""Seconds for which one look at all processes serves everybody who wants to signal some."""
KEPT = 1.0
"""Seconds after which such a look is dropped: it is large where many processes run."""
AFTER_KILL = 2.0
"""Seconds after SIGKILL until a process counts as a survivor: it hangs in the kernel, or is not ours to end."""

Stats = Mapping[int, procfs.Stat]
OnDone = Callable[[tuple[tree.Member, ...]], None]


def token_of(pid: int) -> str:
    """The token in the mark of what a worker of this home has started; empty for all else.

    Another home's workers may have the same tokens: apps that are called the same.
    """
    variables, home = procfs.environ(pid), os.environ.get(HOME, "").encode()
    if variables.get(HOME.encode(), home) != home:
        return ""
    return variables.get(MARK.encode(), b"").decode(errors="replace")


class Sweeper:
    """Looks for what belongs to a worker or template; one look at /proc, which has no short way, serves many."""

    def __init__(self, reactor: Reactor, children: Children) -> None:
        self.reactor = reactor
        self.pens = Pens()
        self._children = children
        self._stats: Stats = {}
        self._taken = -1.0
        self._parents = {os.getpid()}
        """Who gets the orphans of our workers: we do, and of those that we have adopted their new parents."""
        self.running: set[Sweep] = set()

    def adopt(self, token: str, pid: int) -> None:
        """Know a worker that another daemon has started."""
        self.pens.adopt(token, pid)
        found = procfs.stat(pid)
        if found is not None:
            self._parents.add(found.ppid)

    def stats(self, since: float) -> Stats:
        """All processes, looked at not before this instant (monotonic)."""
        if self._taken < since:
            if not self._stats:
                self.reactor.later(KEPT, self._drop)
            self._taken = time.monotonic()
            self._stats = procfs.all_stats()
        return self._stats

    def _drop(self) -> None:
        self._stats, self._taken = {}, -1.0

    def members(self, leader: int, token: str) -> tuple[tree.Member, ...]:
        """The processes of a worker that runs, the worker first. What it forks meanwhile is found by its sweep."""
        return self.found(self.stats(time.monotonic() - FRESH), leader, token)

    def found(self, stats: Stats, leader: int, token: str) -> tuple[tree.Member, ...]:
        """Those in `stats` that belong to a leader (0: it is gone, and its session) or have its mark (empty: none)."""
        found = {member.pid: member for member in tree.members(leader, leader, stats)} if leader else {}
        for pid in self.pens.pids(token):
            if pid in stats and not stats[pid].ended and pid not in found:
                found |= {member.pid: member for member in tree.members(pid, 0, stats)}
        known = self._children.pids() - {leader}
        for pid, one in stats.items() if token else ():
            if one.ppid not in self._parents or one.ended or pid in found or pid in known or one.session in known:
                continue
            if token_of(pid) == token:
                found |= {member.pid: member for member in tree.members(pid, pid, stats)}
        return tuple(member for member in found.values() if member.pid not in known)

    @staticmethod
    def signal(members: Iterable[tree.Member], number: int) -> None:
        """Send a signal to those still there. Without descriptors it is not sent now: they are looked at again."""
        with suppress(OSError):
            tree.signal_all(members, number)

    def sweep(
        self, leader: int, token: str, grace: float, on_done: OnDone, seen: tuple[tree.Member, ...] = ()
    ) -> "Sweep | None":
        """End what is left of a leader that has ended and is not reaped yet; None when nothing is left of it.

        `on_done` is called once, not before this has returned, with what survived. `seen` are members found before:
        those that it lost sight of are found again.
        """
        sweep = Sweep(self, leader, token, time.monotonic() + grace, on_done)
        if not sweep.begin(seen):
            self.pens.open(token)
            return None
        self.running.add(sweep)
        return sweep


class Sweep:
    """The end of one leader's remains."""

    def __init__(self, sweeper: Sweeper, leader: int, token: str, kill_at: float, on_done: OnDone) -> None:
        self._sweeper = sweeper
        self._leader = leader
        self._session = leader
        self._token = token
        self._kill_at = kill_at
        self._on_done = on_done
        self._give_up_at = 0.0
        self._started = -1
        self._seen: dict[int, tree.Member] = {}
        self._signalled: set[tree.Member] = set()

    def __repr__(self) -> str:
        return f"<Sweep {self._token} {len(self._seen)} seen>"

    def begin(self, seen: tuple[tree.Member, ...]) -> bool:
        """Look for the first time; False when there is nothing to end."""
        self._seen = {member.pid: member for member in seen if member.pid != self._leader}
        leader = self._sweeper.stats(self._sweeper.reactor.turned).get(self._leader)
        self._started = leader.start if leader else -1
        if not self._rest():
            return False
        self._sweeper.reactor.later(0.0, self._look)
        return True

    def kill(self) -> None:
        """Their time is over."""
        self._kill_at = 0.0

    def _rest(self) -> tuple[tree.Member, ...]:
        stats = self._sweeper.stats(self._sweeper.reactor.turned)
        # The number of a leader that was reaped stays taken while something is in its session, and no longer.
        leader = stats.get(self._leader)
        if leader and leader.start != self._started:
            self._session = 0
        found = {m.pid: m for m in self._sweeper.found(stats, self._session, self._token) if m.pid != self._leader}
        if not any(self._session in (stats[pid].session, stats[pid].pgrp) for pid in found):
            self._session = 0
        for member in self._seen.values():
            now = stats.get(member.pid)
            if member.pid not in found and now and now.start == member.start and not now.ended:
                found |= {m.pid: m for m in tree.members(member.pid, 0, stats)}
        self._seen = found
        return tuple(found.values())

    def _look(self) -> None:
        rest = self._rest()
        now = time.monotonic()
        if not rest or (self._give_up_at and now >= self._give_up_at):
            self._sweeper.running.discard(self)
            self._sweeper.pens.open(self._token)
            self._on_done(rest)
            return
        if now >= self._kill_at:
            self._sweeper.signal(rest, signal.SIGKILL)
            self._give_up_at = self._give_up_at or now + AFTER_KILL
        else:
            self._sweeper.signal([member for member in rest if member not in self._signalled], signal.SIGTERM)
            self._signalled |= set(rest)
        self._sweeper.reactor.later(LOOK_EVERY, self._look)
