"""Times and sizes as people write them. One spelling for config files and for settings."""

import math
import re

_DURATION = re.compile(r"(?:([0-9.]+)d)?(?:([0-9.]+)h)?(?:([0-9.]+)m)?(?:([0-9.]+)s)?(?:([0-9.]+)ms)?")
_SECONDS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT]?)(i?)([bB]?)")

TIME_LIKE = '"10s", "100ms", "5m" or "1h30m"'
SIZE_LIKE = '"20MiB" or "1GiB"'


def seconds_of(text: str) -> float:
    """Seconds: `10s`, `100ms`, `1h30m`, `1.5s`; a number alone is seconds. Raises ValueError."""
    written = text.strip().lower().replace(" ", "")
    try:
        return float(written)
    except ValueError:
        pass
    parts = _DURATION.fullmatch(written)
    if not written or parts is None:
        raise ValueError("not a time")
    return round(sum(float(part) * unit for part, unit in zip(parts.groups("0"), _SECONDS, strict=True)), 9)


def bytes_of(text: str) -> int:
    """Bytes: `20MiB`, `512KiB`; K, M and G alone mean the same as KiB, MiB and GiB, KB, MB and GB are thousands.

    A number alone is bytes. Raises ValueError.
    """
    parts = _SIZE.fullmatch(text.strip())
    if parts is None or (parts[3] and not parts[2]):
        raise ValueError("not a size")
    base = 1000 if parts[4] and not parts[3] else 1024
    power = " kmgt".index(parts[2].lower()) if parts[2] else 0
    return round(float(parts[1]) * math.pow(base, power))
