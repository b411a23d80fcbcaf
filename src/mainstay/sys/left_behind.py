"""Workers that no daemon looks after: they serve on, and are in the way of the next daemon until somebody ends them.

A worker that a daemon has taken over is none, though its parent is init or whoever inherits orphans. It is the home
that tells: every worker has that of its daemon in its environment.
"""

from collections.abc import Collection, Mapping

from mainstay.sys import procfs

MARK = b"MAINSTAY_WORKER"
"""What every worker has in its environment, and what it starts inherits."""
DAEMON = "mainstay"
"""What a daemon's process is called, and that of the command."""
SCRIPT = b"daemon/__main__.py"
"""What a daemon runs, and the command does not."""
APP = b"MAINSTAY_APP"
HOME = b"MAINSTAY_HOME"
_STEPS = (b"-before_start", b"-after_stop")

Stats = Mapping[int, procfs.Stat]


def siblings(pid: int) -> tuple[int, ...]:
    """All workers of the app that this process is a worker of, itself among them, where no daemon of theirs lives.

    None when it is no such worker.
    """
    stats = procfs.all_stats()
    one, whose = stats.get(pid), _whose(pid)
    if one is None or not whose or _is_daemon(one.ppid, stats) or _has_daemon(whose[0], stats):
        return ()
    return tuple(sorted(p for p, other in stats.items() if _whose(p) == whose and _whose(other.ppid) != whose))


def orphans(home: str, known: Collection[int]) -> dict[str, tuple[int, ...]]:
    """The workers of this home that its daemon, which knows these pids, does not look after, by app.

    Of those that we may look at; without what they have started.
    """
    stats = procfs.all_stats()
    cared_for = {procfs.environ(pid).get(MARK, b"") for pid in known}
    found: dict[str, list[int]] = {}
    for pid, one in sorted(stats.items()):
        whose = _whose(pid)
        if not whose or whose[0] != home.encode() or one.ended or _whose(one.ppid):
            continue
        if _is_daemon(pid, stats) or _is_daemon(one.ppid, stats):  # itself, too: a worker may have started it
            continue
        mark = procfs.environ(pid).get(MARK, b"")
        if pid not in known and mark not in cared_for and not mark.partition(b"@")[0].endswith(_STEPS):
            found.setdefault(whose[1].decode(errors="replace"), []).append(pid)
    return {app: tuple(pids) for app, pids in found.items()}


def _whose(pid: int) -> tuple[bytes, bytes] | None:
    """The home and the app of a worker; None for what is none, or may not be read."""
    variables = procfs.environ(pid)
    app = variables.get(APP)
    return (variables.get(HOME, b""), app) if app and variables.get(MARK) else None


def _has_daemon(home: bytes, stats: Stats) -> bool:
    return bool(home) and any(_is_daemon(pid, stats) and procfs.environ(pid).get(HOME) == home for pid in stats)


def _is_daemon(pid: int, stats: Stats) -> bool:
    one = stats.get(pid)
    return bool(one and one.name == DAEMON and not one.ended and SCRIPT in procfs.read(f"/proc/{pid}/cmdline"))
