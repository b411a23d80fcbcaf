"""Seeing from outside that a program is up: it is asleep and uses no CPU, or has lived for a while.

A program that fails at its start (a missing module, a bad option) is busy until it fails; one that has come up waits
for work. So most are known to be up within a tenth of a second, and hardly one that fails is reported as started.
"""

import os
import sys
from collections.abc import Callable

from mainstay.daemon.reactor import Reactor
from mainstay.model.spec import Program, PythonApp
from mainstay.sys import procfs

LOOK_EVERY = 0.04
LONG_ENOUGH = 1.0
"""Seconds after which a program that is still busy counts as up."""
QUIET = 0.04
SCRIPT_QUIET = 0.4
"""Seconds of quiet that a script needs: interpreters pause while they load, and scripts like to wait for something."""
INTERPRETERS = ("python", "node", "ruby", "perl", "php", "deno", "bun", "npm", "npx", "uv")


def patience(program: Program) -> float:
    """For how many seconds this program must be quiet to count as up."""
    name = "" if isinstance(program, PythonApp) else os.path.basename(program.argv[0])
    return SCRIPT_QUIET if name.startswith(INTERPRETERS) else QUIET


class _Watch:
    """One program on its way up."""

    def __init__(self, reactor: Reactor, pid: int, quiet: float, then: Callable[[], None]) -> None:
        self.reactor = reactor
        self.pid = pid
        self.quiet = quiet
        self.then = then
        self.age = 0.0
        self.calm = 0.0
        self.before: procfs.Stat | None = None

    def look(self) -> None:
        now = procfs.stat(self.pid)
        gone = now is None or now.ended or (self.before is not None and now.start != self.before.start)
        if gone and sys.platform == "linux":
            return
        calm = self.before is not None and procfs.quiet(self.pid, self.before)
        self.calm = self.calm + LOOK_EVERY if calm else 0.0
        if self.calm >= self.quiet or self.age >= LONG_ENOUGH:
            self.then()
            return
        self.before = now
        self.age += LOOK_EVERY
        self.reactor.later(LOOK_EVERY, self.look)


def settled(reactor: Reactor, pid: int, quiet: float, then: Callable[[], None]) -> None:
    """Call `then` when the process has been quiet for `quiet` seconds; never when it ends before."""
    _Watch(reactor, pid, quiet, then).look()
