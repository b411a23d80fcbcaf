"""The machine the figures were taken on."""

import os
import platform
from pathlib import Path


def describe() -> dict[str, str]:
    """CPU, cores, memory, kernel, system and Python."""
    return {
        "CPU": _first("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.0f} GiB",
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "Python": platform.python_version(),
    }


def _first(path: str, key: str) -> str:
    """The value of the first `key: value` line."""
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"
