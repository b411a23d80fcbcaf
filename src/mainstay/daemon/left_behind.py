"""Workers whose daemon was killed: they serve on, and are in the way of the next daemon until somebody ends them."""

from mainstay.daemon.sweep import MARK
from mainstay.sys import procfs

DAEMON = "mainstay"
"""What a daemon's process is called."""
APP = b"MAINSTAY_APP="


def siblings(pid: int) -> tuple[int, ...]:
    """All workers of the app that this process is a worker of, itself among them; none when it is no such worker."""
    stats = procfs.all_stats()
    app, one = _app(pid), stats.get(pid)
    parent = stats.get(one.ppid) if one else None
    if not app or one is None or (parent and parent.name == DAEMON):
        return ()
    return tuple(sorted(p for p, other in stats.items() if other.ppid == one.ppid and _app(p) == app))


def _app(pid: int) -> bytes:
    """The app of a worker; empty for what is none, or may not be read."""
    variables = procfs.read(f"/proc/{pid}/environ").split(b"\0")
    if not any(variable.startswith(f"{MARK}=".encode()) for variable in variables):
        return b""
    return next((variable for variable in variables if variable.startswith(APP)), b"")
