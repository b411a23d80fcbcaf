"""Which of several servers holds a key: consistent hashing, so that a new server takes only its share of the keys."""

import hashlib
from bisect import bisect
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

_POINTS = 128
_DIGITS = 16


class Ring(Generic[T]):
    """Servers by name. The names, not their order, decide: all processes must be given the same ones."""

    def __init__(self, servers: Sequence[tuple[str, T]]) -> None:
        names = [name for name, _ in servers]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"a ring needs one server or more, each once: {', '.join(names) or 'none is given'}")
        points = [(_point(f"{name}#{number}"), one) for name, one in servers for number in range(_POINTS)]
        points.sort(key=lambda point: point[0])
        self._starts = [start for start, _ in points]
        self._servers = [one for _, one in points]
        self.only: T | None = servers[0][1] if len(servers) == 1 else None

    def server_of(self, digest: str) -> T:
        """The server for a key that begins with 16 hex digits of a hash."""
        if self.only is not None:
            return self.only
        return self._servers[bisect(self._starts, int(digest[:_DIGITS], 16)) % len(self._servers)]


def _point(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:_DIGITS], 16)
