"""What a session store says to Memcached. Every command names one key and waits for its answer.

A value is stored behind eight random bytes of its writer, so that a write whose answer was lost can be sent again and
recognises itself. The version is Memcached's own CAS number.
"""

import hashlib
import os
import time
from collections.abc import Callable
from typing import Protocol

from mainstay.web.sessions.store import Conflict, Stored, StoreError, Version
from mainstay.web.sessions.stores import meta
from mainstay.web.sessions.stores.linklist import with_link, without_link, without_old
from mainstay.web.sessions.stores.memcached_wire import Answer, explained

PREFIX = "mainstay:session:"
MARK_BYTES = 8
_MOST_TRIES = 64


class Carrier(Protocol):
    """Brings commands to one server."""

    where: str

    async def call(self, command: bytes) -> Answer:
        """The reply. Raises StoreError."""

    async def close(self) -> None:
        """Give back the connections."""


class Servers(Protocol):
    """The carriers by key."""

    def server_of(self, digest: str) -> Carrier:
        """The one that holds a key."""

    async def close(self) -> None:
        """Close all."""


class MemcachedEntries:
    """A Store over Servers. With carriers that never suspend it is what SyncMemcachedStore drives."""

    def __init__(self, servers: Servers, prefix: str, clock: Callable[[], float] = time.time) -> None:
        if not prefix.isascii() or not prefix.isprintable() or " " in prefix or len(prefix) > 100:
            raise ValueError(f"{prefix!r} cannot begin a key of Memcached: at most 100 ASCII characters, no spaces")
        self._servers = servers
        self._prefix = prefix.encode()
        self._clock = clock

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._servers}, prefix={self._prefix.decode()!r})"

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""
        carrier = self._servers.server_of(key)
        lifetime = None if renew is None else meta.lifetime(renew, self._clock)
        return _stored(await self._ask(carrier, meta.get(self._prefix + key.encode(), lifetime)), carrier)

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        carrier, name = self._servers.server_of(key), self._prefix + key.encode()
        marked, lifetime = os.urandom(MARK_BYTES) + value, meta.lifetime(ttl, self._clock)
        if expected is None:
            command = meta.add(name, marked, lifetime)
        else:
            command = meta.replace(name, marked, lifetime, _checked(expected))
        answer = await self._ask(carrier, command)
        match answer.status:
            case "HD":
                return answer.cas
            case "NF":
                raise Conflict(gone=True)
            case "NS" | "EX":
                there = await self._ask(carrier, meta.get(name, None))
                if there.status == "VA" and there.value == marked:
                    return there.cas  # this very write, sent twice
                raise Conflict(gone=there.status == "EN" and expected is not None)
            case _:
                raise _nonsense(answer, carrier)

    async def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        command = meta.touch(self._prefix + key.encode(), meta.lifetime(ttl, self._clock))
        return (await self._ask(self._servers.server_of(key), command)).status == "HD"

    async def delete(self, key: str) -> None:
        """As Store.delete."""
        await self._ask(self._servers.server_of(key), meta.delete(self._prefix + key.encode()))

    async def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        await self._change_links(user, lambda links: with_link(links, key, self._clock() + ttl, self._clock()))

    async def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        stored = await self.get(self._index(user))
        return [] if stored is None else list(without_old(stored.value, self._clock()))

    async def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        await self._change_links(user, lambda links: without_link(links, key, self._clock()))

    async def close(self) -> None:
        """As Store.close."""
        await self._servers.close()

    def _index(self, user: str) -> str:
        """The key of a user's list, which is on any server; its name must not be a session's key."""
        return hashlib.sha256(user.encode()).hexdigest() + ":user"

    async def _change_links(self, user: str, change: Callable[[bytes], tuple[bytes, float]]) -> None:
        """Read the list, change it, write it if nobody else did meanwhile; again until it is so."""
        key = self._index(user)
        for _ in range(_MOST_TRIES):
            stored = await self.get(key)
            before = b"" if stored is None else stored.value
            after, expires = change(before)
            if after == before:
                return
            try:
                ttl = max(1.0, expires - self._clock())
                await self.put(key, after, ttl, None if stored is None else stored.version)
            except Conflict:
                continue
            return
        raise StoreError(f"the list of a user's sessions changes too often at {self._servers.server_of(key).where}")

    async def _ask(self, carrier: Carrier, command: bytes) -> meta.Reply:
        answer = await carrier.call(command)
        if isinstance(answer, meta.Refusal):
            raise explained(carrier.where, answer)
        return answer


def _stored(answer: meta.Reply, carrier: Carrier) -> Stored | None:
    if answer.status == "EN":
        return None
    if answer.status != "VA" or len(answer.value) < MARK_BYTES:
        raise _nonsense(answer, carrier)
    return Stored(answer.value[MARK_BYTES:], answer.cas)


def _nonsense(answer: meta.Reply, carrier: Carrier) -> StoreError:
    return StoreError(f"{carrier.where} answered {answer.status}, which is no answer to the question")


def _checked(version: Version) -> int:
    if not isinstance(version, int):
        raise TypeError(f"{version!r} is no version of a Memcached store")
    return version
