"""What a session store says to Redis. Each command names one key, so that it works on a cluster as it is.

A value is stored behind its version, eight random bytes. Random, so that a version never comes back once its entry was
deleted; chosen by the writer, so that a write whose answer was lost can be sent again and recognises itself.
"""

import hashlib
import os
from dataclasses import dataclass, field
from typing import Protocol

from mainstay.web.sessions.store import Conflict, Stored, StoreError, Version
from mainstay.web.sessions.stores.redis_wire import MOVED_AWAY, explained
from mainstay.web.sessions.stores.resp import Reply, ReplyError

PREFIX = "mainstay:session:"
VERSION_BYTES = 8


class Carrier(Protocol):
    """Brings commands to Redis: over our own connections, or through somebody's ready-made client."""

    async def call(self, *arguments: bytes) -> Reply:
        """The reply; an error of the server is returned as ReplyError. Raises StoreError."""

    async def distrust(self) -> None:
        """The server is not the one to talk to (any more): connect anew before the next command."""

    async def close(self) -> None:
        """Give back the connections."""


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script and the digest that Redis knows it by."""

    text: bytes
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha1(self.text, usedforsecurity=False).hexdigest().encode())


# ARGV: the version that must be there ('' for none), the new version and value, the time to live in ms.
# GETRANGE of a missing key is ''. A version equal to the new one is this very write, sent twice.
PUT = Script(b"""
local current = redis.call('GETRANGE', KEYS[1], 0, 7)
if current == string.sub(ARGV[2], 1, 8) then return 1 end
if current ~= ARGV[1] then
  if current == '' then return -1 end
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
""")

# ARGV: a session's key, the time to live in ms. Redis' own clock says what has expired.
LINK = Script(b"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
""")

LINKED = Script(b"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')
""")


class RedisEntries:
    """A Store over a Carrier. With a carrier that never suspends it is what SyncRedisStore drives."""

    def __init__(self, carrier: Carrier, where: str, prefix: str) -> None:
        self._carrier = carrier
        self._where = where
        self._prefix = prefix.encode()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._where}, prefix={self._prefix.decode()!r})"

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""
        name = self._prefix + key.encode()
        if renew is None:
            reply = await self._carrier.call(b"GET", name)
        else:
            reply = await self._carrier.call(b"GETEX", name, b"PX", milliseconds(renew))
        if reply is None:
            return None
        if type(reply) is not bytes or len(reply) < VERSION_BYTES:
            await self._wrong(reply)
            raise StoreError(
                f"{self._where} keeps something else under {self._prefix.decode()!r}: choose another prefix"
            )
        return Stored(reply[VERSION_BYTES:], reply[:VERSION_BYTES])

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        version = os.urandom(VERSION_BYTES)
        before = b"" if expected is None else _checked(expected)
        arguments = (before, version + value, milliseconds(ttl))
        match await self._run(PUT, self._prefix + key.encode(), *arguments):
            case 1:
                return version
            case 0:
                raise Conflict(gone=False)
            case -1:
                raise Conflict(gone=True)
            case reply:
                raise self._nonsense(reply)

    async def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        return bool(await self._command(b"PEXPIRE", self._prefix + key.encode(), milliseconds(ttl)))

    async def delete(self, key: str) -> None:
        """As Store.delete."""
        await self._command(b"DEL", self._prefix + key.encode())

    async def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        await self._run(LINK, self._index(user), key.encode(), milliseconds(ttl))

    async def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        reply = await self._run(LINKED, self._index(user))
        if not isinstance(reply, list):
            raise self._nonsense(reply)
        return [key.decode() for key in reply if isinstance(key, bytes)]

    async def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        await self._command(b"ZREM", self._index(user), key.encode())

    async def close(self) -> None:
        """As Store.close."""
        await self._carrier.close()

    def _index(self, user: str) -> bytes:
        """A user's name is in no key: whoever may list the keys learns no names."""
        return self._prefix + b"user:" + hashlib.sha256(user.encode()).hexdigest().encode()

    async def _command(self, *arguments: bytes) -> Reply:
        reply = await self._carrier.call(*arguments)
        await self._wrong(reply)
        return reply

    async def _run(self, script: Script, key: bytes, *arguments: bytes) -> Reply:
        reply = await self._carrier.call(b"EVALSHA", script.digest, b"1", key, *arguments)
        if isinstance(reply, ReplyError) and str(reply).startswith("NOSCRIPT"):
            reply = await self._carrier.call(b"EVAL", script.text, b"1", key, *arguments)
        await self._wrong(reply)
        return reply

    async def _wrong(self, reply: Reply) -> None:
        """Raise what an error reply means."""
        if isinstance(reply, ReplyError):
            if str(reply).startswith(MOVED_AWAY):
                await self._carrier.distrust()
            raise explained(self._where, reply)
        if isinstance(reply, str):
            raise StoreError(f"the client of {self._where} decodes what it reads: make it with decode_responses=False")

    def _nonsense(self, reply: Reply) -> StoreError:
        return StoreError(f"{self._where} answered a script with {type(reply).__name__}, which it never returns")


def milliseconds(seconds: float) -> bytes:
    """A time to live for Redis, which takes 1 ms and more."""
    return b"%d" % max(1, int(seconds * 1000))


def _checked(version: Version) -> bytes:
    if not isinstance(version, bytes) or len(version) != VERSION_BYTES:
        raise TypeError(f"{version!r} is no version of a Redis store")
    return version
