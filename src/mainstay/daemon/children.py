"""Processes that are ours, each held by a pidfd: its end is looked at before it is reaped, so no pid is mistaken.

The daemon is a child subreaper: whatever a worker leaves behind becomes its child, and is reaped here as well.
"""

import signal
from collections.abc import Callable

from mainstay.daemon.reactor import Reactor
from mainstay.model.exits import Ending, Exited, Signaled, Vanished
from mainstay.model.never import assert_never
from mainstay.sys import exits, pidfd, procfs

POLL_SECONDS = 0.2
"""How often a process is looked at where the kernel has no pollable pidfds."""

OnEnd = Callable[[Ending], None]


class Child:
    """A process that runs; `fd` is its pidfd."""

    def __init__(self, pid: int, fd: int, on_end: OnEnd) -> None:
        self.pid = pid
        self.fd = fd
        self.on_end = on_end
        self.ended = False

    def __repr__(self) -> str:
        return f"<Child {self.pid}{' ended' if self.ended else ''}>"

    def signal(self, number: int) -> bool:
        """Send a signal; False when it has ended, or has become another user's and may not be signalled."""
        try:
            return not self.ended and pidfd.send(self.fd, number)
        except PermissionError:
            return False


class Children:
    """All processes that the daemon waits for."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._known: dict[int, Child] = {}
        self.expecting = 0
        """Processes under way whose pid is not known yet: while there are any, no stranger is reaped."""

    def pids(self) -> set[int]:
        """The pids of all known children."""
        return set(self._known)

    def add(self, pid: int, on_end: OnEnd, start: int = 0) -> Child | None:
        """Watch a process; `on_end` is called once, before it is reaped. None when it is gone and cannot be asked.

        `start`, in clock ticks since boot, where it may be a stranger by now; 0 for a child of ours.
        """
        try:
            fd = pidfd.open_pidfd(pid)
        except OSError:  # out of descriptors: it is our child, so its number holds it as well until we reap it
            fd = -pid
        if fd is None:
            return None
        if start and procfs.start_time(pid) != start:  # its number was free for a moment, and is a stranger's
            pidfd.close(fd)
            return None
        child = Child(pid, fd, on_end)
        self._known[pid] = child
        if pidfd.pollable(fd):
            self._reactor.read(fd, lambda: self._look(child))
        else:
            self._reactor.later(POLL_SECONDS, lambda: self._poll(child))
        return child

    def kill(self) -> None:
        """SIGKILL to all of them: the daemon is about to end, and nobody else would end them."""
        for child in tuple(self._known.values()):
            child.signal(signal.SIGKILL)

    def answered(self) -> None:
        """One of those that were expected is known now, or will not come."""
        self.expecting -= 1
        self.reap_strangers()

    def reap_strangers(self) -> None:
        """Reap what became our child because its parent died; called on SIGCHLD."""
        while not self.expecting:
            seen = pidfd.look_any()
            if seen is None or seen[0] in self._known:
                return
            pidfd.reap_pid(seen[0])

    def _poll(self, child: Child) -> None:
        self._look(child)
        if not child.ended:
            self._reactor.later(POLL_SECONDS, lambda: self._poll(child))

    def _look(self, child: Child) -> None:
        status = pidfd.look(child.fd)
        if status is None:
            return
        child.ended = True
        if pidfd.pollable(child.fd):
            self._reactor.forget(child.fd)
        child.on_end(_ending(status))
        pidfd.reap(child.fd)
        pidfd.close(child.fd)
        del self._known[child.pid]
        self.reap_strangers()


def _ending(status: exits.ExitStatus) -> Ending:
    match status:
        case exits.Code(code=code):
            return Exited(code)
        case exits.Signal(signal=number, dumped=dumped):
            return Signaled(number, dumped)
        case exits.Unknown():
            return Vanished()
        case _:
            assert_never(status)
