"""CPU and memory of workers and all they started, measured when somebody asks."""

import time

from mainstay.sys import procfs

MEMORY_FRESH = 2.0
"""Seconds for which a measured memory is given again."""
KEEP = 60.0
"""Seconds after which a CPU mark of a process nobody asked about is dropped."""


class Metrics:
    """Remembers the last look at each process, since a rate needs two."""

    def __init__(self) -> None:
        self._cpu: dict[tuple[int, int], tuple[float, float, float]] = {}
        self._memory: dict[tuple[int, int], tuple[float, int]] = {}

    def usage(self, pid: int) -> tuple[float | None, int | None]:
        """Percent of one core since the last look (over the life at the first), and bytes (PSS), of the whole tree."""
        stat = procfs.stat(pid)
        if stat is None or stat.ended:
            return None, None
        pids = procfs.tree(pid)
        key = (pid, stat.start)
        return self._rate(key, stat, pids), self._pss(key, pids)

    def _rate(self, key: tuple[int, int], stat: procfs.Stat, pids: list[int]) -> float:
        now = time.monotonic()
        used = stat.cpu + sum(s.cpu for p in pids if p != key[0] and (s := procfs.stat(p)))
        before = self._cpu.get(key)
        if before is None:
            uptime = time.clock_gettime(time.CLOCK_BOOTTIME) - stat.start / procfs.TICKS
            rate = 100.0 * used / max(uptime, 0.1)
        elif now - before[0] < 0.2:
            return before[2]
        else:
            rate = 100.0 * max(0.0, used - before[1]) / (now - before[0])
        self._cpu[key] = (now, used, rate)
        if len(self._cpu) > 64:
            self._cpu = {k: seen for k, seen in self._cpu.items() if now - seen[0] < KEEP}
            self._memory = {k: seen for k, seen in self._memory.items() if now - seen[0] < KEEP}
        return round(rate, 1)

    def _pss(self, key: tuple[int, int], pids: list[int]) -> int:
        now = time.monotonic()
        before = self._memory.get(key)
        if before and now - before[0] < MEMORY_FRESH:
            return before[1]
        total = sum(procfs.pss(pid) or 0 for pid in pids)
        self._memory[key] = (now, total)
        return total
