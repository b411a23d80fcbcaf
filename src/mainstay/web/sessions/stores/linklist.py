"""The sessions of one user as the bytes of one value: a line for each, "KEY EXPIRES", EXPIRES in ms since 1970."""

from collections.abc import Iterator


def with_link(links: bytes, key: str, expires: float, now: float) -> tuple[bytes, float]:
    """The list with a session in it, without those that have expired; and when the last of it expires (seconds)."""
    living = dict(_living(links, now))
    living[key] = max(expires, living.get(key, 0.0))
    return _written(living, now)


def without_link(links: bytes, key: str, now: float) -> tuple[bytes, float]:
    """The list without a session; see with_link. The same bytes where it was not in it."""
    living = dict(_living(links, now))
    if key not in living:
        return links, now
    del living[key]
    return _written(living, now)


def without_old(links: bytes, now: float) -> Iterator[str]:
    """The sessions that have not expired."""
    return (key for key, _ in _living(links, now))


def _living(links: bytes, now: float) -> Iterator[tuple[str, float]]:
    for line in links.split(b"\n"):
        key, _, text = line.partition(b" ")
        if text.isdigit() and int(text) / 1000 > now:
            yield key.decode("ascii", "replace"), int(text) / 1000


def _written(living: dict[str, float], now: float) -> tuple[bytes, float]:
    lines = (b"%b %d" % (key.encode(), int(expires * 1000)) for key, expires in living.items())
    return b"\n".join(lines), max(living.values(), default=now)
