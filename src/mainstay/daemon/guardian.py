"""The guardian: a shell that sleeps beside the daemon, holds what must not be closed, and brings a new daemon when this
one is killed. When the guardian is killed, the daemon starts another.

It waits for the end of a pipe that only the daemon writes to; the end comes with the daemon's, however that dies. A
shell, since it costs a tenth of a Python that sleeps, and there is nothing in it that could go wrong.
"""

import os
import signal
from contextlib import suppress

from mainstay.daemon.children import Child, Children
from mainstay.daemon.journal import Journal
from mainstay.daemon.reactor import Reactor
from mainstay.model.exits import Ending
from mainstay.sys import files
from mainstay.sys.fdstore import FdStore
from mainstay.sys.spawn import Spawn, SpawnFailed, spawn

STORE = "MAINSTAY_STORE"
"""The variable with the numbers of the descriptors of the store that a daemon inherits."""
GUARDIAN = "MAINSTAY_GUARDIAN"
"""The variable with the pid of the guardian that a new daemon is to relieve."""
LOCK = "MAINSTAY_LOCK"
"""The variable with the number of the descriptor that holds the lock of the home, after an upgrade in place."""
LOCK_FILE = "guardian.lock"
STORE_FDS = (3, 4, 5, 6)
LOCK_FD = 7
PAUSE = 1.0
"""Seconds until another one is started when the last ones did not live long."""
SHORT = 5.0
AT_ONCE = 5
"""How many short lives in a row are answered at once: without a guardian our own death would end too much."""
SOON = 0.05

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guardian.sh")


class Guardian:
    """The one beside this daemon; `watch` starts it, `release` lets it go."""

    def __init__(
        self,
        home: str,
        command: tuple[str, ...],
        reactor: Reactor,
        children: Children,
        journal: Journal,
        lock: int = -1,
    ) -> None:
        """`lock` is the open lock file of the guardian of a daemon before us, which every guardian of ours shares."""
        self._path = os.path.join(home, LOCK_FILE)
        self._command = command
        self._reactor = reactor
        self._children = children
        self._journal = journal
        self._store: FdStore | None = None
        self._lifeline = -1
        self._lock = lock
        self._child: Child | None = None
        self._born = 0.0
        self._short_lives = 0

    @property
    def lifeline(self) -> int:
        """The writing end whose end the guardian waits for; -1 when there is none."""
        return self._lifeline

    @property
    def lock(self) -> int:
        """The open lock file; -1 when there is none."""
        return self._lock

    @property
    def pid(self) -> int:
        """Its pid; 0 when there is none."""
        return self._child.pid if self._child and not self._child.ended else 0

    def watch(self, store: FdStore) -> None:
        """Have a guardian from now on, which holds this store."""
        self._store = store
        self._start()

    def relieve(self, pid: int) -> None:
        """End the guardian of the daemon before us: there is another one now."""
        if pid and self.pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def release(self) -> None:
        """The daemon ends because it was asked to: the guardian goes as well."""
        self._store = None
        if self._lifeline >= 0:
            with suppress(OSError):  # it has gone already
                os.write(self._lifeline, b"done\n")
            os.close(self._lifeline)
            self._lifeline = -1

    def _start(self) -> None:
        store = self._store
        if store is None:
            return
        if self._lock < 0:
            self._lock = self._take_lock()
        if self._lock < 0:  # somebody is just looking whether there is a guardian
            self._reactor.later(SOON, self._start)
            return
        reader, writer = os.pipe()
        try:
            kept = tuple(zip((*store.fds, self._lock), (*STORE_FDS, LOCK_FD), strict=True))
            env = os.environ | {STORE: ",".join(map(str, (*STORE_FDS, LOCK_FD)))}
            env.pop(GUARDIAN, None)
            env.pop(LOCK, None)
            argv = ("sh", SCRIPT, *self._command)
            pid = spawn(Spawn(argv, dict(env), "/", 1, 2, stdin=reader, pass_fds=kept))
        except (OSError, SpawnFailed) as error:
            os.close(writer)
            self._journal.write(f"no guardian could be started: {error}: nobody would replace this daemon")
            self._reactor.later(PAUSE * 30, self._start)
            return
        finally:
            os.close(reader)
        if self._lifeline >= 0:
            os.close(self._lifeline)
        self._lifeline = writer
        self._born = self._reactor.now()
        self._child = self._children.add(pid, self._ended)

    def _take_lock(self) -> int:
        try:
            lock = files.lock(self._path)
        except OSError as error:
            self._journal.write(f"cannot open {self._path}: {error.strerror}")
            return -1
        return -1 if lock is None else lock

    def _ended(self, ending: Ending) -> None:
        if self._store is None:
            return
        self._journal.write(f"the guardian ended ({ending}): another one is started")
        self._short_lives = self._short_lives + 1 if self._reactor.now() - self._born < SHORT else 0
        if self._short_lives > AT_ONCE:
            self._reactor.later(PAUSE, self._start)
        else:
            self._start()


def inherited() -> tuple[int, ...]:
    """The descriptors of the store that the daemon before us has left, and of its guardian's lock; else none."""
    text = os.environ.pop(STORE, "")
    return tuple(int(number) for number in text.split(",")) if text else ()


def waits(home: str) -> bool:
    """Whether a guardian of this home lives, which brings a daemon by itself when there is none."""
    return files.is_held(os.path.join(home, LOCK_FILE))
