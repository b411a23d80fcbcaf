"""A store with a time limit and a circuit breaker, so that one that is down costs a request no more than a moment.

After TOLERATED failures in a row nobody asks the store for a while: every call fails at once, and then one call is
let through to see. What is logged is when it starts to fail and when it works again, not each failure.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mainstay.web.sessions.store import Conflict, Store, Stored, StoreError, Version
from mainstay.web.sessions.time_limit import TimeLimit

TOLERATED = 3
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

_log = logging.getLogger("mainstay.web.sessions")
T = TypeVar("T")


class Guard:
    """The Store that the core talks to. `timeout` is in seconds, None for stores that never wait.

    Raises StoreError for whatever goes wrong, also where a store let a foreign exception through.
    """

    def __init__(self, store: Store, *, timeout: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._limit = None if timeout is None else TimeLimit(timeout)
        self._clock = clock
        self._failures = 0
        self._closed_until = 0.0

    def __repr__(self) -> str:
        return f"Guard({self.store!r}, failures={self._failures})"

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get. The call of every request: it takes the short way."""
        if self._failures:
            return await self._limited(lambda: self.store.get(key, renew))
        try:
            call = self.store.get(key, renew)
            return await (call if self._limit is None else self._limit.keep(call))
        except Exception as error:
            raise self._failed(error) from error

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        return await self._limited(lambda: self.store.put(key, value, ttl, expected))

    async def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        return await self._limited(lambda: self.store.renew(key, ttl))

    async def delete(self, key: str) -> None:
        """As Store.delete."""
        await self._limited(lambda: self.store.delete(key))

    async def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        await self._limited(lambda: self.store.link(user, key, ttl))

    async def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        return await self._limited(lambda: self.store.linked(user))

    async def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        await self._limited(lambda: self.store.unlink(user, key))

    async def close(self) -> None:
        """As Store.close."""
        await self.store.close()

    async def _limited(self, call: Callable[[], Awaitable[T]]) -> T:
        if self._failures >= TOLERATED:
            self._ask_to_try()
        try:
            result = await (call() if self._limit is None else self._limit.keep(call()))
        except Conflict:
            self._works()
            raise
        except Exception as error:
            # A store that lets a foreign exception through is at fault, but the request gets its 503 all the same.
            raise self._failed(error) from error
        if self._failures:
            self._works()
        return result

    def _ask_to_try(self) -> None:
        now = self._clock()
        if now < self._closed_until:
            raise StoreError("the session store has failed several times just now and is not asked for a moment")
        self._pause(now)  # this call is the one that looks; the others go on failing at once

    def _failed(self, error: Exception) -> StoreError:
        what = _described(error, self._limit)
        if not self._failures:
            _log.error("the session store cannot be used: %s", what)
        self._failures += 1
        if self._failures >= TOLERATED:
            self._pause(self._clock())
        return error if isinstance(error, StoreError) else StoreError(what)

    def _pause(self, now: float) -> None:
        doubled = FIRST_PAUSE * 2.0 ** min(self._failures - TOLERATED, 10)
        self._closed_until = now + min(doubled, LONGEST_PAUSE)

    def _works(self) -> None:
        if self._failures:
            _log.warning("the session store works again, after %d failed calls", self._failures)
        self._failures = 0


def _described(error: Exception, limit: TimeLimit | None) -> str:
    if isinstance(error, TimeoutError) and limit is not None:
        return f"it did not answer within {limit.seconds:g} s"
    if isinstance(error, StoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"
