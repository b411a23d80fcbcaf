"""A core with a clock of its own, for tests that need no app: each `open` is one request of one browser."""

from typing import Any

from mainstay.web.sessions.bound import Session
from mainstay.web.sessions.config import configure
from mainstay.web.sessions.core import Core
from mainstay.web.sessions.store import Store
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import SECRET


class Site:
    """A core with a clock of its own; each `open` is a request of one browser."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        self.now = 1_000_000.0
        memory = MemoryStore(clock=lambda: self.now)
        self.core = Core(memory if store is None else store, configure(SECRET, clock=lambda: self.now, **options))
        self.cookie = ""

    async def open(self, cookie: str | None = None) -> Session:
        session = Session(self.core)
        header = self.cookie if cookie is None else cookie
        if header:
            await self.core.load(session, [header.encode()])
        return session

    async def commit(self, session: Session) -> str | None:
        header = await self.core.commit(session)
        if header is not None:
            pair = header.partition(";")[0]
            self.cookie = "" if "Max-Age=0" in header else pair
        return header

    async def begin(self, **data: Any) -> Session:
        session = await self.open()
        session.update(data)
        await self.commit(session)
        return session

    async def data(self, cookie: str | None = None) -> dict[str, Any]:
        return (await self.open(cookie)).copy()
