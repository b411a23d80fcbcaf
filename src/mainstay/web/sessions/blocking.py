"""One core for both worlds: a blocking store seen as an asynchronous one, whose calls never suspend.

So `drive` runs the core's coroutines to their end with a single step, without an event loop.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from mainstay.web.sessions.store import Stored, SyncStore, Version

T = TypeVar("T")


def drive(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine over blocking stores returns. Raises what it raises, RuntimeError if it waits for a loop."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError("a blocking session waited for an event loop: is its store an asynchronous one?")


class Blocking:
    """A SyncStore as a Store."""

    __slots__ = ("store",)

    def __init__(self, store: SyncStore) -> None:
        self.store = store

    def __repr__(self) -> str:
        return f"Blocking({self.store!r})"

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""
        return self.store.get(key, renew)

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        return self.store.put(key, value, ttl, expected)

    async def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        return self.store.renew(key, ttl)

    async def delete(self, key: str) -> None:
        """As Store.delete."""
        self.store.delete(key)

    async def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        self.store.link(user, key, ttl)

    async def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        return self.store.linked(user)

    async def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        self.store.unlink(user, key)

    async def close(self) -> None:
        """As Store.close."""
        self.store.close()
