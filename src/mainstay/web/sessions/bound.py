"""Sessions that can reach their store while the request is handled: to be saved at once, read again, or listed."""

from mainstay.web.sessions import users
from mainstay.web.sessions.blocking import drive
from mainstay.web.sessions.changes import Change
from mainstay.web.sessions.core import Core
from mainstay.web.sessions.session import Found, SessionState
from mainstay.web.sessions.users import SessionInfo


class _Bound(SessionState):
    __slots__ = ("_core",)

    def __init__(self, core: Core, found: Found | None = None, *, unavailable: bool = False) -> None:
        super().__init__(found, unavailable=unavailable)
        self._core = core

    async def _save(self) -> None:
        await self._core.persist(self)

    async def _list(self, user: str | int | None) -> list[SessionInfo]:
        core = self._core
        return await users.sessions_of(core.store, self._whose(user), current=self._key(), living=core.entries.lives)

    async def _end(self, user: str | int | None, keep_this: bool) -> int:
        return await users.end_sessions_of(self._core.store, self._whose(user), keep=self._key() if keep_this else None)

    async def _end_one(self, key: str, user: str | int | None) -> bool:
        return await users.end_session(self._core.store, self._whose(user), key)

    def _key(self) -> str | None:
        return None if self._found is None else self._found.key

    def _whose(self, user: str | int | None) -> str | int:
        if user is not None:
            return user
        if self.user is None:
            raise ValueError("this session has no user: call session.login(user) first, or name the user")
        return self.user


class Session(_Bound):
    """The session of an ASGI app: `scope["session"]`, `request.session`. See SessionState for what it can do."""

    __slots__ = ()

    async def save(self) -> None:
        """Store what changed so far, now. Raises StoreError, Unencodable, SessionTooLarge."""
        await self._save()

    async def apply(self, change: Change) -> None:
        """Alter the session in one step, for what depends on what is there: `change` is given the data stored now.

            await session.apply(lambda data: data.update(n=data.get("n", 0) + 1))

        It is called again where another request came between, so that no two count the same. What was changed before is
        stored first. Raises SessionGone, and what `save` raises.
        """
        await self._core.apply(self, change)

    async def reload(self) -> None:
        """Read the session again, dropping what this request changed. Raises SessionGone, StoreError."""
        await self._core.reload(self)

    async def sessions_of(self, user: str | int | None = None) -> list[SessionInfo]:
        """The living sessions of `user` (of this session's user), last used first. Raises StoreError."""
        return await self._list(user)

    async def end_sessions_of(self, user: str | int | None = None, *, keep_this: bool = True) -> int:
        """End the sessions of `user` (of this session's user), but this one; returns how many. Raises StoreError."""
        return await self._end(user, keep_this)

    async def end_session(self, key: str, user: str | int | None = None) -> bool:
        """End the session that SessionInfo.key names; False when it is not `user`'s. Raises StoreError."""
        return await self._end_one(key, user)


class SyncSession(_Bound):
    """The session of a WSGI app: `environ["mainstay.session"]`. See SessionState for what it can do."""

    __slots__ = ()

    def save(self) -> None:
        """As Session.save."""
        drive(self._save())

    def apply(self, change: Change) -> None:
        """As Session.apply."""
        drive(self._core.apply(self, change))

    def reload(self) -> None:
        """As Session.reload."""
        drive(self._core.reload(self))

    def sessions_of(self, user: str | int | None = None) -> list[SessionInfo]:
        """As Session.sessions_of."""
        return drive(self._list(user))

    def end_sessions_of(self, user: str | int | None = None, *, keep_this: bool = True) -> int:
        """As Session.end_sessions_of."""
        return drive(self._end(user, keep_this))

    def end_session(self, key: str, user: str | int | None = None) -> bool:
        """As Session.end_session."""
        return drive(self._end_one(key, user))
