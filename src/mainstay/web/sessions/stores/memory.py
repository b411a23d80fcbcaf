"""Sessions in the memory of one process: for development and tests. Each worker has its own, and all end with it.

Expired entries are looked for as new ones come; past `most` entries the least recently used go.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import count

from mainstay.settings import environment
from mainstay.web.sessions.blocking import Blocking
from mainstay.web.sessions.store import Conflict, Stored, Version

_SWEEP_EVERY = 1024
_log = logging.getLogger("mainstay.web.sessions")

_Entry = tuple[bytes, int, float]  # value, version, when it expires


class SyncMemoryStore:
    """A SyncStore in a dictionary. `most` is how many entries are kept; `clock` gives seconds. Warns in production."""

    def __init__(self, *, most: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        if most < 1:
            raise ValueError(f"a memory store for {most} sessions keeps none: give most=1 or more")
        if environment() == "production":
            _log.warning(
                "sessions are kept in the memory of this process: other workers do not see them, and a restart ends "
                "them; use SQLiteStore for one machine, RedisStore for several"
            )
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._links: dict[str, dict[str, float]] = {}
        self._versions = count(1)
        self._until_sweep = _SWEEP_EVERY

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._entries)} entries)"

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        return True  # an empty store is a store

    def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""
        with self._lock:
            entry = self._living(key)
            if entry is None:
                return None
            if renew is not None:
                self._keep(key, entry[0], entry[1], renew)
            return Stored(entry[0], entry[1])

    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        with self._lock:
            entry = self._living(key)
            if entry is None and expected is not None:
                raise Conflict(gone=True)
            if entry is not None and entry[1] != expected:
                raise Conflict(gone=False)
            version = next(self._versions)
            self._keep(key, value, version, ttl)
            self._make_room()
            return version

    def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        return self.get(key, ttl) is not None

    def delete(self, key: str) -> None:
        """As Store.delete."""
        with self._lock:
            self._entries.pop(key, None)

    def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        with self._lock:
            self._links.setdefault(user, {})[key] = self._clock() + ttl

    def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        with self._lock:
            now = self._clock()
            return [key for key, expires in self._links.get(user, {}).items() if expires > now]

    def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        with self._lock:
            links = self._links.get(user, {})
            links.pop(key, None)
            if not links:
                self._links.pop(user, None)

    def close(self) -> None:
        """As Store.close; the entries stay for whoever else holds this store."""

    def _living(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry[2] <= self._clock():
            del self._entries[key]
            return None
        return entry

    def _keep(self, key: str, value: bytes, version: int, ttl: float) -> None:
        self._entries[key] = (value, version, self._clock() + ttl)
        self._entries.move_to_end(key)

    def _make_room(self) -> None:
        self._until_sweep -= 1
        if self._until_sweep <= 0 or len(self._entries) > self._most:
            self._until_sweep = _SWEEP_EVERY
            self._sweep()
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def _sweep(self) -> None:
        now = self._clock()
        for key in [key for key, entry in self._entries.items() if entry[2] <= now]:
            del self._entries[key]
        for user, links in list(self._links.items()):
            living = {key: expires for key, expires in links.items() if expires > now}
            if living:
                self._links[user] = living
            else:
                del self._links[user]


class MemoryStore(Blocking):
    """SyncMemoryStore for asynchronous apps, and usable by blocking ones: its calls never wait."""

    def __init__(self, *, most: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        self.memory = SyncMemoryStore(most=most, clock=clock)
        super().__init__(self.memory)

    def __len__(self) -> int:
        return len(self.memory)

    def __bool__(self) -> bool:
        return True  # an empty store is a store
