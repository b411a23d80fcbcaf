"""What the kernel says about processes, from /proc (proc(5)). Plain reads, as this runs in the daemon every second.

Without /proc (macOS) every answer is None or empty.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

_PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Stat:
    """One look at /proc/PID/stat. `cpu` is user plus system time in seconds, of the process without its children.

    `start` is in clock ticks since boot; pid, start and boot id together name a process for ever.
    """

    name: str
    state: str
    ppid: int
    pgrp: int
    session: int
    cpu: float
    start: int
    threads: int

    @property
    def ended(self) -> bool:
        """A zombie: it runs no more and only waits to be reaped."""
        return self.state in "ZX"


def stat(pid: int) -> Stat | None:
    """The process as it is now; None when it is gone. A zombie is still there."""
    raw = read(f"/proc/{pid}/stat")
    if not raw:
        return None
    # The name may hold spaces and parentheses: it ends at the last one.
    head, _, tail = raw.rpartition(b")")
    field = tail.split()
    return Stat(
        name=head.partition(b"(")[2].decode(errors="replace"),
        state=field[0].decode(),
        ppid=int(field[1]),
        pgrp=int(field[2]),
        session=int(field[3]),
        cpu=(int(field[11]) + int(field[12])) / TICKS,
        start=int(field[19]),
        threads=int(field[17]),
    )


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; tells a reused pid from the process meant."""
    found = stat(pid)
    return None if found is None else found.start


def pss(pid: int) -> int | None:
    """Memory in bytes, shared pages divided by their users; the resident size where that may not be read.

    None when the process is gone or a zombie.
    """
    rollup = read(f"/proc/{pid}/smaps_rollup")
    if rollup:
        for line in rollup.splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return rss(pid)


def rss(pid: int) -> int | None:
    """Resident memory in bytes, shared pages counted in full; None when the process is gone or a zombie."""
    sizes = read(f"/proc/{pid}/statm")
    resident = int(sizes.split()[1]) if sizes else 0
    return resident * _PAGE or None


def pids() -> list[int]:
    """All processes we can see."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    return [int(name) for name in names if name.isdigit()]


def all_stats() -> dict[int, Stat]:
    """Every process we can see, in one pass. Reuse it where many trees are asked for at one time."""
    found = ((pid, stat(pid)) for pid in pids())
    return {pid: one for pid, one in found if one is not None}


def children(pid: int) -> list[int]:
    """Direct children, zombies included. Some kernels have no list of them: then all processes are looked at."""
    listed = _listed_children(pid)
    if listed is not None:
        return listed
    return sorted(child for child, one in all_stats().items() if one.ppid == pid)


def tree(pid: int, stats: Mapping[int, Stat] | None = None) -> list[int]:
    """The process, first, and all its descendants; empty when it is gone.

    Descendants whose parent died belong to init or the subreaper and are not found (see `mainstay.sys.tree`). With
    `stats`, from `all_stats`, nothing is read.
    """
    if stats is None:
        stats = all_stats()
    below: dict[int, list[int]] = {}
    for child, one in stats.items():
        below.setdefault(one.ppid, []).append(child)
    found = [pid] if pid in stats else []
    for member in found:  # grows while we walk it
        found.extend(sorted(below.get(member, [])))
    return found


def session_members(sid: int) -> list[int]:
    """All processes of a session, zombies included."""
    return sorted(pid for pid, one in all_stats().items() if one.session == sid)


def threads_alive(pid: int) -> int:
    """How many threads the process has; 0 when it is gone."""
    found = stat(pid)
    return 0 if found is None else found.threads


def quiet(pid: int, before: Stat) -> bool:
    """Whether the very same process sleeps and has used no CPU time (in steps of 10 ms) since `before`."""
    now = stat(pid)
    return now is not None and now.state == "S" and (now.start, now.cpu) == (before.start, before.cpu)


def read(path: str) -> bytes:
    """A whole file of /proc; empty when it is not there, not ours to read, or its process has just ended."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(fd, 65536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(fd)


def environ(pid: int) -> dict[bytes, bytes]:
    """The environment a process was started with; empty when it is gone, or may not be looked at."""
    found: dict[bytes, bytes] = {}
    for variable in read(f"/proc/{pid}/environ").split(b"\0"):
        name, is_one, value = variable.partition(b"=")
        if is_one:
            found.setdefault(name, value)  # as getenv(3): the first one counts
    return found


def _listed_children(pid: int) -> list[int] | None:
    """From /proc/PID/task/*/children; None where the kernel was built without it (CONFIG_PROC_CHILDREN)."""
    if not os.path.exists("/proc/self/task/" + str(os.getpid()) + "/children"):
        return None
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return sorted(int(child) for tid in threads for child in read(f"/proc/{pid}/task/{tid}/children").split())
