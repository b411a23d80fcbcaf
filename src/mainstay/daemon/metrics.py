"""CPU and memory of workers and all they started, measured when somebody asks."""

import time
from collections.abc import Iterable, Mapping

from mainstay.sys import procfs

MEMORY_FRESH = 2.0
"""Seconds for which a measured memory is given again."""
CPU_FRESH = 0.2
"""Seconds over which a rate is measured at least: CPU time is counted in steps of 10 ms."""
KEEP = 60.0
"""Seconds after which what is remembered of a process nobody asked about is dropped."""

Usage = tuple[float | None, int | None]
Key = tuple[int, int]
"""A pid and its start, which name a process for ever."""


class Metrics:
    """Remembers the last look at each process, since a rate needs two."""

    def __init__(self) -> None:
        self._cpu: dict[Key, tuple[float, float, float]] = {}
        self._memory: dict[Key, tuple[float, int]] = {}

    def usage(self, pids: Iterable[int]) -> dict[int, Usage]:
        """Percent of one core since the last look (over the life at the first), and bytes (PSS), of each whole tree.

        From one look at /proc for all of them. None and None for what is gone.
        """
        stats = procfs.all_stats()
        below: dict[int, list[int]] = {}
        for pid, one in stats.items():
            below.setdefault(one.ppid, []).append(pid)
        now = time.monotonic()
        found = {pid: self._of_tree(pid, stats, below, now) for pid in pids}
        self._cpu = {key: seen for key, seen in self._cpu.items() if now - seen[0] < KEEP}
        self._memory = {key: seen for key, seen in self._memory.items() if now - seen[0] < KEEP}
        return found

    def _of_tree(self, pid: int, stats: Mapping[int, procfs.Stat], below: Mapping[int, list[int]], now: float) -> Usage:
        stat = stats.get(pid)
        if stat is None or stat.ended:
            return None, None
        pids = [pid]
        for member in pids:  # grows while we walk it
            pids.extend(below.get(member, ()))
        used = sum(stats[member].cpu for member in pids)
        return self._rate((pid, stat.start), used, now), self._pss((pid, stat.start), pids, now)

    def _rate(self, key: Key, used: float, now: float) -> float:
        before = self._cpu.get(key)
        if before is None:
            uptime = time.clock_gettime(time.CLOCK_BOOTTIME) - key[1] / procfs.TICKS
            rate = 100.0 * used / max(uptime, 0.1)
        elif now - before[0] < CPU_FRESH:
            return before[2]
        else:
            rate = 100.0 * max(0.0, used - before[1]) / (now - before[0])
        self._cpu[key] = (now, used, round(rate, 1))
        return self._cpu[key][2]

    def _pss(self, key: Key, pids: list[int], now: float) -> int:
        before = self._memory.get(key)
        if before and now - before[0] < MEMORY_FRESH:
            return before[1]
        total = sum(procfs.pss(pid) or 0 for pid in pids)
        self._memory[key] = (now, total)
        return total
