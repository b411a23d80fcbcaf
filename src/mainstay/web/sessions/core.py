"""The life of a session in one request: found by its cookie, stored as it was changed, told the browser.

The same code serves asynchronous and blocking apps: over blocking stores it never suspends (see blocking.py).
"""

from collections.abc import Iterable

from mainstay.web.sessions import codec
from mainstay.web.sessions.changes import Change, Changes, SessionTooLarge, SessionTooLate, abandon
from mainstay.web.sessions.codec import Unencodable
from mainstay.web.sessions.config import Config
from mainstay.web.sessions.cookie import values_of
from mainstay.web.sessions.entries import Entries
from mainstay.web.sessions.record import Record
from mainstay.web.sessions.session import Due, Found, Move, Sendable, SessionGone, SessionState
from mainstay.web.sessions.store import Store


class Core:
    """What the middleware and the frameworks' adapters share: `load`, `commit`, `persist`."""

    def __init__(self, store: Store, config: Config) -> None:
        self.config = config
        self.entries = Entries(store, config)
        self.changes = Changes(self.entries, config)
        self.store = self.entries.store

    def __repr__(self) -> str:
        return f"Core({self.store!r})"

    async def load(self, session: SessionState, cookies: Iterable[bytes]) -> None:
        """Look for the session that the Cookie headers name; without a cookie of ours ask nobody. Raises StoreError."""
        for value in values_of(self.config.name, cookies):
            opened = self.config.signer.open(value)
            if opened is None:
                continue
            found = await self.entries.find(opened.id, opened.key)
            if found is not None:
                adopt(session, found)
                session._due = Due.NOTHING if opened.current else Due.COOKIE
                return

    async def reload(self, session: SessionState) -> None:
        """Read the session again and drop what this request changed. Raises SessionGone, StoreError."""
        found = None if session._found is None else await self.entries.find(session._found.id, session._found.key)
        if found is None:
            raise SessionGone("the session cannot be read again: it was ended by another request, or has expired")
        adopt(session, found)

    async def apply(self, session: SessionState, change: Change) -> None:
        """Store what was changed, then let `change` alter what is stored in one step.

        Raises SessionGone, and what `persist` raises.
        """
        await self.persist(session)
        if session._found is None:
            change(session._contents())
            await self.persist(session)
        else:
            await self.changes.apply(session, session._found, change)

    async def commit(self, session: SessionState, status: int = 200) -> str | None:
        """As a response begins: store what changed, or drop it where the request failed.

        Returns the Set-Cookie header that is due. Raises what `persist` raises.
        """
        if status >= 500 and not self.config.save_on_error:
            await self.drop(session)
        else:
            await self.persist(session)
        return self.cookie(session)

    def cookie(self, session: SessionState) -> str | None:
        """The Set-Cookie header that is due, for a response that has not started."""
        due, found = session._due, session._found
        if session._sendable is not Sendable.YES:
            return None
        session._due = Due.NOTHING
        if found is not None and (due is Due.COOKIE or self.config.rolling):
            value = self.config.signer.seal(found.id)
            return str(self.config.cookie.issue(value, self._age(found.record), secure=session._secure))
        if found is None and due is Due.CLEARED:
            return str(self.config.cookie.issue("", 0, secure=session._secure))
        return None

    async def persist(self, session: SessionState) -> None:
        """Store what changed since it was last read or written.

        Raises StoreError; Unencodable, SessionTooLarge and, outside production, SessionTooLate, after which the changes
        are forgotten.
        """
        if not session.modified:
            if self._is_to_be_renewed(session):
                await self.changes.refresh(session)
            return
        try:
            await self._carry_out(session)
        except (Unencodable, SessionTooLarge, SessionTooLate):
            abandon(session)
            raise

    async def drop(self, session: SessionState) -> None:
        """Forget what this request changed, but end what it wanted to end. For requests that failed."""
        if session._move is Move.DROP:
            await self.changes.end(session)
        abandon(session)

    async def _carry_out(self, session: SessionState) -> None:
        if session._move is Move.DROP:
            await self.changes.end(session)
        found, data = session._found, session._contents()
        packed = self.changes.packed(data)
        if found is not None and session._move is Move.STAY and packed == found.record.data:
            if self._is_to_be_renewed(session):
                await self.changes.refresh(session)
        elif not data and session._user is None:
            await self.changes.end(session)
        elif found is None:
            await self.changes.create(session, packed)
        elif session._move is Move.STAY and not self._rotates(found, data):
            await self.changes.save(session, found, packed)
        else:
            await self.changes.relocate(session, found, packed)
        session._move, session._login = Move.STAY, False

    def _age(self, read: Record) -> int | None:
        if not self.config.persistent:
            return None
        lifetimes = self.config.lifetimes.of(read)
        return lifetimes.cookie(read.created, self.config.clock(), rolling=self.config.rolling)

    def _is_to_be_renewed(self, session: SessionState) -> bool:
        """Whether it should be written down again that the session is used."""
        found = session._found
        if found is None:
            return False
        return self.config.clock() - found.record.renewed >= self.config.lifetimes.of(found.record).grain

    def _rotates(self, found: Found, data: codec.Data) -> bool:
        if not self.config.rotate_on:
            return False
        before = codec.decode(found.record.data)
        return any(before.get(key) != data.get(key) for key in self.config.rotate_on)


def adopt(session: SessionState, found: Found) -> None:
    """Let `session` be what was found, with no change made yet."""
    session._found, session._data, session._user = found, None, found.record.user
    session._move, session._login = Move.STAY, False
