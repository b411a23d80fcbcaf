"""The machine, or the part of it that a container gives us: cores and boot."""

import os
from collections.abc import Iterator

from mainstay.sys.cgroup import Hierarchy, hierarchies
from mainstay.sys.procfs import read


def cores() -> int:
    """How many cores we may keep busy: CPU affinity, bounded by the cgroup's CPU quota rounded up; at least 1."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return bounded(usable, hierarchies())


def bounded(usable: int, found: tuple[Hierarchy, ...]) -> int:
    """`usable` cores, bounded by the tightest quota on the way from our cgroups up to their roots."""
    quotas = [quota for hierarchy in found for quota in _quotas(hierarchy)]
    return max(1, min([usable, *(int(-(-quota // 1)) for quota in quotas)]))


def _quotas(hierarchy: Hierarchy) -> Iterator[float]:
    """In cores; cpu.max of cgroup v2, cpu.cfs_quota_us of v1."""
    if hierarchy.version == 1 and "cpu" not in hierarchy.controllers:
        return
    for folder in hierarchy.up():
        if hierarchy.version == 2:
            quota, _, period = read(f"{folder}/cpu.max").partition(b" ")
        else:
            quota, period = read(f"{folder}/cpu.cfs_quota_us"), read(f"{folder}/cpu.cfs_period_us")
        if quota.strip().isdigit() and int(period or 0) > 0:  # "max" and -1 mean no quota
            yield int(quota) / int(period)


def boot_time() -> int | None:
    """When the machine booted, in seconds since the epoch; None where /proc/stat is missing."""
    for line in read("/proc/stat").splitlines():
        if line.startswith(b"btime "):
            return int(line.split()[1])
    return None


def boot_id() -> str | None:
    """A name for this boot: start times in clock ticks are comparable only within one. None without /proc."""
    return read("/proc/sys/kernel/random/boot_id").decode().strip() or None
