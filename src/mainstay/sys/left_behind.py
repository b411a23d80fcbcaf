"""Workers whose daemon was killed: they serve on, and are in the way of the next daemon until somebody ends them."""

from mainstay.sys import procfs

MARK = b"MAINSTAY_WORKER="
"""What every worker has in its environment, and what it starts inherits."""
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


def orphans() -> dict[str, tuple[int, ...]]:
    """All workers without a daemon, of those that we may look at, by app; without what they have started."""
    stats = procfs.all_stats()
    found: dict[str, list[int]] = {}
    for pid, one in sorted(stats.items()):
        parent = stats.get(one.ppid)
        if one.ended or (parent and parent.name == DAEMON):
            continue
        app = _app(pid)
        if app and not _app(one.ppid):
            found.setdefault(app.removeprefix(APP).decode(errors="replace"), []).append(pid)
    return {app: tuple(pids) for app, pids in found.items()}


def _app(pid: int) -> bytes:
    """The app of a worker; empty for what is none, or may not be read."""
    variables = procfs.read(f"/proc/{pid}/environ").split(b"\0")
    if not any(variable.startswith(MARK) for variable in variables):
        return b""
    return next((variable for variable in variables if variable.startswith(APP)), b"")
