"""A cgroup for each worker, where cgroup v2 may be used: what is born in one cannot leave it, whatever it does.

It finds the few that descent, session and environment do not: a child that forked without exec, took a session of its
own and lost its parent. Where it may not be used nothing happens, and the other ways are all there is.
"""

import os

from mainstay.sys.cgroup import Cgroup, hierarchies, make

PREFIX = "mainstay-"


class Pens:
    """The cgroups of the workers, below one of the daemon's, by token."""

    def __init__(self) -> None:
        self._top: Cgroup | None = None
        self._tried = False
        self._pens: dict[str, Cgroup] = {}

    def enclose(self, token: str, pid: int) -> None:
        """Put a worker that was just born into a pen of its own."""
        if not self._tried:
            self._tried = True
            self._top = make(f"{PREFIX}{os.getpid()}")
            if self._top:
                _remove_stale(os.path.dirname(self._top.path))
        pen = self._top.child(token) if self._top else None
        if pen and pen.add(pid):
            self._pens[token] = pen

    def adopt(self, token: str, pid: int) -> None:
        """Know the pen in which another daemon has put a worker."""
        for pen in (Cgroup(f"{folder}/{token}") for folder in _tops()):
            if pid in pen.pids():
                self._pens[token] = pen

    def pids(self, token: str) -> list[int]:
        """The processes in a worker's pen."""
        pen = self._pens.get(token)
        return pen.pids() if pen else []

    def open(self, token: str) -> None:
        """Nothing of the worker is left, or what is left is let go."""
        pen = self._pens.pop(token, None)
        if pen:
            pen.remove()

    def close(self) -> None:
        """Take the daemon's cgroup away."""
        if self._top is not None:
            self._top.remove()


def _tops() -> list[str]:
    """The cgroups of all daemons that are or were beside ours."""
    found: list[str] = []
    for hierarchy in hierarchies():
        if hierarchy.version == 2 and os.path.isdir(hierarchy.folder):
            names = os.listdir(hierarchy.folder)
            found += [f"{hierarchy.folder}/{name}" for name in names if name.startswith(PREFIX)]
    return found


def _remove_stale(folder: str) -> None:
    """Take away what daemons that were killed left behind; where processes still are, it stays."""
    for name in os.listdir(folder):
        pid = name.removeprefix(PREFIX)
        if name != pid and pid.isdecimal() and not os.path.exists(f"/proc/{pid}"):
            Cgroup(f"{folder}/{name}").remove()
