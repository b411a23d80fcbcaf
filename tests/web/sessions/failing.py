"""A store for tests that can be made to fail or to hang, and counts what it is asked."""

import asyncio

from mainstay.web.sessions.store import Stored, StoreError, Version
from mainstay.web.sessions.stores.memory import SyncMemoryStore


class FailingStore:
    """Asynchronous, over a memory store."""

    def __init__(self, *, down: bool = False) -> None:
        self.memory = SyncMemoryStore()
        self.down = down
        self.hangs = False
        self.foreign: Exception | None = None
        self.calls = 0

    async def _reach(self) -> None:
        self.calls += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.foreign is not None:
            raise self.foreign
        if self.down:
            raise StoreError("connection refused")
        await asyncio.sleep(0)  # as a network does: others run meanwhile

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        await self._reach()
        return self.memory.get(key, renew)

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        await self._reach()
        return self.memory.put(key, value, ttl, expected)

    async def renew(self, key: str, ttl: float) -> bool:
        await self._reach()
        return self.memory.renew(key, ttl)

    async def delete(self, key: str) -> None:
        await self._reach()
        self.memory.delete(key)

    async def link(self, user: str, key: str, ttl: float) -> None:
        await self._reach()
        self.memory.link(user, key, ttl)

    async def linked(self, user: str) -> list[str]:
        await self._reach()
        return self.memory.linked(user)

    async def unlink(self, user: str, key: str) -> None:
        await self._reach()
        self.memory.unlink(user, key)

    async def close(self) -> None:
        self.memory.close()
