"""Seeing from outside that a program is up: it is asleep and uses no CPU, or has lived for a while.

A program that fails at its start (a missing module, a bad option) is busy until it fails; one that has come up waits
for work. So most are known to be up within a tenth of a second, and none that fails at once is reported as started.
"""

import sys
from collections.abc import Callable

from mainstay.daemon.reactor import Reactor
from mainstay.sys import procfs

FIRST_LOOK = 0.02
LOOK_EVERY = 0.05
LONG_ENOUGH = 1.0
"""Seconds after which a program that is still busy counts as up."""


def settled(reactor: Reactor, pid: int, then: Callable[[], None]) -> None:
    """Call `then` when the process is up; never when it ends before."""
    _look(reactor, pid, None, 0.0, then)


def _look(reactor: Reactor, pid: int, before: procfs.Stat | None, age: float, then: Callable[[], None]) -> None:
    now = procfs.stat(pid)
    gone = now is None or now.ended or (before is not None and now.start != before.start)
    if gone and sys.platform == "linux":
        return
    if age >= LONG_ENOUGH or (before is not None and procfs.quiet(pid, before)):
        then()
        return
    wait = FIRST_LOOK if before is None else LOOK_EVERY
    reactor.later(wait, lambda: _look(reactor, pid, now, age + wait, then))
