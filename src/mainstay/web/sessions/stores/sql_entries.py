"""What a session store says to a SQL database.

Times are those of the application's clock, as those in the records are: keep the machines' clocks together (NTP).
"""

import hashlib
import logging
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Executable

from mainstay.web.sessions.store import Conflict, Stored, StoreError, Version
from mainstay.web.sessions.stores.sql_statements import Statements

PURGE_EVERY = 600.0
_PURGE_AT_ONCE = 500

_log = logging.getLogger("mainstay.web.sessions")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement did: the rows it returned, or how many it changed."""

    rows: Sequence[Sequence[Any]] = ()  # what a driver makes of a column's value
    changed: int = 0


class AlreadyThere(Exception):
    """A row with this primary key exists."""


class Executor(Protocol):
    """Runs statements, each in a transaction of its own, within a time limit."""

    where: str

    async def run(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        """Raises StoreError, and AlreadyThere where a primary key is taken."""

    async def create(self) -> None:
        """Create the tables where they are not there."""

    async def close(self) -> None:
        """Give back what is not the engine's."""


class SQLEntries:
    """A Store over an Executor. With one that never suspends it is what SyncSQLStore drives."""

    def __init__(
        self,
        executor: Executor,
        statements: Statements,
        purge_every: float = PURGE_EVERY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._executor = executor
        self._statements = statements
        self._clock = clock
        self._purge_every = purge_every
        self._next_purge = clock() + purge_every * random.random()  # not all workers at once

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._executor.where})"

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get. A time to live is renewed when under half of it is left: reads are then seldom writes."""
        now = self._now()
        found = await self._run(self._statements.read, of_key=key, now=now)
        if not found.rows:
            return None
        value, version, expires = found.rows[0]
        if renew is not None and not renew * 500 <= expires - now <= renew * 1000 + 1000:
            await self._run(self._statements.renew, of_key=key, now=now, expires=self._in(renew))
        return Stored(bytes(value), int(version))

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        version = int.from_bytes(os.urandom(8)) >> 1  # random: none comes back once its entry was deleted
        row = {"value": value, "version": version, "expires": self._in(ttl), "now": self._now()}
        if expected is None:
            await self._create(key, row)
        else:
            changed = await self._run(self._statements.change, of_key=key, expected=_checked(expected), **row)
            if not changed.changed:
                there = await self._version_of(key)
                if there != version:
                    raise Conflict(gone=there is None)
        await self._purge_in_passing()
        return version

    async def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        return (await self._run(self._statements.renew, of_key=key, now=self._now(), expires=self._in(ttl))).changed > 0

    async def delete(self, key: str) -> None:
        """As Store.delete."""
        await self._run(self._statements.delete, of_key=key)

    async def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        values = {"user": _hashed(user), "expires": self._in(ttl)}
        if (await self._run(self._statements.renew_link, of_key=key, **values)).changed:
            return
        try:
            await self._run(self._statements.add_link, key=key, **values)
        except AlreadyThere:
            await self._run(self._statements.renew_link, of_key=key, **values)

    async def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        found = await self._run(self._statements.linked, user=_hashed(user), now=self._now())
        return [str(row[0]) for row in found.rows]

    async def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        await self._run(self._statements.delete_link, user=_hashed(user), of_key=key)

    async def create(self) -> None:
        """Create the tables where they are not there. With Alembic, leave it to a migration: see session_tables."""
        await self._executor.create()

    async def purge(self) -> int:
        """Delete what has expired; returns how many sessions. Stores do it in passing, every `purge_every` seconds."""
        purged = 0
        while True:
            now = self._now()
            old = await self._run(self._statements.expired, now=now, most=_PURGE_AT_ONCE)
            if old.rows:
                keys = [row[0] for row in old.rows]
                purged += (await self._run(self._statements.purge, keys=keys, now=now)).changed
            if len(old.rows) < _PURGE_AT_ONCE:
                break
        await self._run(self._statements.purge_links, now=self._now())
        return purged

    async def close(self) -> None:
        """As Store.close. The engine is yours: dispose of it yourself."""
        await self._executor.close()

    async def _create(self, key: str, row: dict[str, object]) -> None:
        if self._statements.creates_at_once:
            created = bool((await self._run(self._statements.create, key=key, **row)).rows)
        else:
            values = {name: value for name, value in row.items() if name != "now"}
            try:
                await self._run(self._statements.create, key=key, **values)
                return
            except AlreadyThere:
                created = (await self._run(self._statements.replace_expired, of_key=key, **row)).changed > 0
        if not created and await self._version_of(key) != row["version"]:
            raise Conflict(gone=False)

    async def _version_of(self, key: str) -> int | None:
        """What a write finds that changed nothing: another's version, or its own when it was sent twice."""
        found = await self._run(self._statements.read, of_key=key, now=self._now())
        return int(found.rows[0][1]) if found.rows else None

    async def _purge_in_passing(self) -> None:
        now = self._clock()
        if self._purge_every <= 0 or now < self._next_purge:
            return
        self._next_purge = now + self._purge_every * (0.5 + random.random())
        try:
            await self.purge()
        except StoreError as error:  # the session itself is written
            _log.warning("expired sessions were not deleted: %s", error)

    async def _run(self, statement: Executable, **parameters: object) -> Outcome:
        return await self._executor.run(statement, parameters)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _in(self, seconds: float) -> int:
        return int((self._clock() + seconds) * 1000)


def _hashed(user: str) -> str:
    """A user's name is not in the table: whoever may read it learns no names, and no collation mixes them up."""
    return hashlib.sha256(user.encode()).hexdigest()


def _checked(version: Version) -> int:
    if not isinstance(version, int):
        raise TypeError(f"{version!r} is no version of a SQL store")
    return version
