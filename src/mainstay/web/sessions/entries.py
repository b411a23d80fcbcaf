"""Sessions as entries of the store: found by their id, put there under a new one, linked to their user, deleted."""

import asyncio
import logging
import random
import time

from mainstay.web.sessions import record
from mainstay.web.sessions.blocking import Blocking
from mainstay.web.sessions.config import Config
from mainstay.web.sessions.guard import Guard
from mainstay.web.sessions.record import Record, Unreadable
from mainstay.web.sessions.session import Found
from mainstay.web.sessions.signing import idle_of, key_of, new_id
from mainstay.web.sessions.store import Store, Stored, Version

TIME_LIMIT = 0.25
"""How long a call to the store may take, in seconds, where neither the app nor the store says so."""
_WITHOUT_PAUSE = 2
_LONGEST_PAUSE = 0.02
_INDEX_KEEPS = 400 * 86400.0

_log = logging.getLogger("mainstay.web.sessions")


class Entries:
    """The sessions of a store. Every method that asks it raises StoreError; those that write raise Conflict, too."""

    def __init__(self, store: Store, config: Config) -> None:
        self._blocks = isinstance(store, Blocking)
        self._config = config
        limit = getattr(store, "time_limit", TIME_LIMIT) if config.timeout == "store" else config.timeout
        self.store = Guard(store, timeout=None if self._blocks else limit)

    async def find(self, id_: str, key: str, *, renew: bool = True) -> Found | None:
        """The session with an id that we signed, None when it has ended. Raises StoreError."""
        stored = await self.store.get(key, (idle_of(id_) or self._config.lifetimes.idle) if renew else None)
        found = _found(id_, key, stored)
        if found is not None and not self.lives(found.record):
            await self.delete(found)
            return None
        return found

    async def again(self, found: Found) -> Found | None:
        """The same session as it is stored now."""
        return _found(found.id, found.key, await self.store.get(found.key))

    def lives(self, read: Record) -> bool:
        """Whether neither lifetime of a stored session is over."""
        return not self._config.lifetimes.of(read).ended(read, self._config.clock())

    async def put(self, key: str, changed: Record, expected: Version | None) -> Version:
        """Store a record for as long as its session may live."""
        left = self._config.lifetimes.of(changed).left(changed.created, changed.renewed)
        return await self.store.put(key, record.pack(changed), left, expected)

    async def put_new(self, fresh: Record) -> Found:
        """Store a record under a new id, and link it to its user."""
        id_ = new_id(None if fresh.idle is None else int(fresh.idle))
        key = key_of(id_)
        version = await self.put(key, fresh, None)
        if fresh.user is not None:
            await self._link(key, fresh.user, fresh)
        return Found(id_, key, version, fresh)

    async def delete(self, found: Found) -> None:
        """Remove a session and the link to it."""
        await self.store.delete(found.key)
        if found.record.user is not None:
            await self.store.unlink(found.record.user, found.key)

    async def link_anew(self, had: Found, user: str | None) -> None:
        """Put a session that was stored with another user where it belongs in the index."""
        if had.record.user is not None:
            await self.store.unlink(had.record.user, had.key)
        if user is not None:
            await self._link(had.key, user, had.record)

    async def _link(self, key: str, user: str, of: Record) -> None:
        keeps = self._config.lifetimes.of(of).absolute
        await self.store.link(user, key, _INDEX_KEEPS if keeps is None else keeps)

    async def pause(self, attempt: int) -> None:
        """Let others through, after a change that came too late for the time `attempt`."""
        if attempt < _WITHOUT_PAUSE:
            return
        pause = random.uniform(0, min(_LONGEST_PAUSE, 0.001 * attempt))
        if self._blocks:
            time.sleep(pause)
        else:
            await asyncio.sleep(pause)


def _found(id_: str, key: str, stored: Stored | None) -> Found | None:
    """The session in an entry; None where there is none, or it has moved away or cannot be read."""
    if stored is None:
        return None
    try:
        read = record.unpack(stored.value)
    except Unreadable as problem:
        _log.warning("a session is taken for ended: %s", problem)
        return None
    return None if read is None else Found(id_, key, stored.version, read)
