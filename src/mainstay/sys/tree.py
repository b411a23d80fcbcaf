"""A whole process tree, held member by member, so that all of it can be ended and nobody else is ever hit.

Found by descent, by session and by process group: a child whose parent died no longer descends from the leader, but
still is in its session. What made a session of its own *and* lost its parent is not found: only a cgroup holds that.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mainstay.sys import pidfd, procfs


@dataclass(frozen=True, slots=True)
class Member:
    """A process that was there: its pid, its start (clock ticks since boot) by which it is known again, its name."""

    pid: int
    start: int
    name: str


def members(leader_pid: int, session_id: int, stats: Mapping[int, procfs.Stat] | None = None) -> tuple[Member, ...]:
    """The leader, first, if it is there, its descendants, and all others of the session or process group.

    Zombies are left out: they have ended. We and init are never members. Ask again after signalling: a tree may
    fork between the look and the signal. With `stats`, from `procfs.all_stats`, nothing is read.
    """
    if stats is None:
        stats = procfs.all_stats()
    found = dict.fromkeys(procfs.tree(leader_pid, stats))
    for pid, one in stats.items():
        if session_id > 0 and session_id in (one.session, one.pgrp):
            found[pid] = None
    # What they forked away into sessions of their own, as long as they still are its parents.
    for pid in list(found):
        found.update(dict.fromkeys(procfs.tree(pid, stats)))
    never = (os.getpid(), 1)
    return tuple(
        Member(pid, stats[pid].start, stats[pid].name) for pid in found if pid not in never and not stats[pid].ended
    )


def signal_all(targets: Iterable[Member], signum: int) -> tuple[Member, ...]:
    """Send a signal to those still there, and return them. Those that may not be signalled are returned too."""
    return tuple(member for member in targets if _signal(member, signum))


def survivors(targets: Iterable[Member]) -> tuple[Member, ...]:
    """Those that still run. A zombie does not, nor does a stranger who got the pid."""
    return tuple(member for member in targets if _alive(member))


def _signal(member: Member, signum: int) -> bool:
    handle = pidfd.open_pidfd(member.pid)
    if handle is None:
        return False
    try:
        # First the descriptor, then the look: what is looked at now can only be what the descriptor holds.
        return _alive(member) and pidfd.send(handle, signum)
    except PermissionError:
        return True
    finally:
        pidfd.close(handle)


def _alive(member: Member) -> bool:
    now = procfs.stat(member.pid)
    return now is not None and now.start == member.start and not now.ended
