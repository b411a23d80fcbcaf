"""Numbers as people read them: durations, memory, shares of a core, moments."""

from __future__ import annotations

import time

_SIZES = ("B", "kB", "MB", "GB", "TB")
_SPANS = ((86400, "d"), (3600, "h"), (60, "m"))


def uptime_text(seconds: float | None) -> str:
    """`12s`, `5m`, `3h`, `2d`: whole ones of the largest unit; nothing for None."""
    if seconds is None:
        return ""
    for span, unit in _SPANS:
        if seconds >= span:
            return f"{int(seconds // span)}{unit}"
    return f"{max(0, int(seconds))}s"


def memory_text(size: int | None) -> str:
    """`20.4 MB`: bytes in steps of 1000; nothing for None."""
    if size is None:
        return ""
    value = float(size)
    for unit in _SIZES:
        if value < 999.95 or unit == _SIZES[-1]:
            break
        value /= 1000
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def binary_text(size: int) -> str:
    """`20 MiB`: bytes as config files give them, in steps of 1024, when that comes out even; else `memory_text`."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size and size % (1 << power) == 0:
            return f"{size >> power} {unit}"
    return memory_text(size)


def cpu_text(percent: float | None) -> str:
    """`0.3%` of one core; nothing for None."""
    return "" if percent is None else f"{percent:.1f}%"


def seconds_text(seconds: float | None) -> str:
    """`40 ms`, `3.2 s`, `5m`: how long something took or will take; nothing for None."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    return f"{seconds:.1f} s" if seconds < 60 else uptime_text(seconds)


def duration_text(seconds: float) -> str:
    """`0.5 s`, `60 s`, `90 s`, `10m`, `1h30m`: exactly, as config files give them; in minutes from two on."""
    if seconds < 120 or seconds % 1:
        return f"{seconds:g} s"
    parts, rest = "", int(seconds)
    for span, unit in (*_SPANS, (1, "s")):
        count, rest = divmod(rest, span)
        parts += f"{count}{unit}" if count else ""
    return parts


def moment_text(epoch: float) -> str:
    """Local time to the second: `2026-11-23 12:00:01`."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch))


def rfc3339(epoch: float) -> str:
    """UTC to the millisecond: `2026-11-23T12:00:01.250Z`."""
    milliseconds = round(epoch * 1000)
    date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{date}.{milliseconds % 1000:03d}Z"


def until_text(epoch: float, now: float) -> str:
    """How far away a moment is: `in 3 s`, `now`."""
    left = epoch - now
    if left < 0.05:
        return "now"
    return f"in {left:.1f} s" if left < 1 else f"in {round(left)} s" if left < 60 else f"in {uptime_text(left)}"
