"""Carrying out what a request wanted of its session, by compare-and-set: begun, changed, given a new id, or ended.

What another request did meanwhile is read again, and this one's top-level changes are put on top. A session that was
ended stays ended.
"""

import logging
import time
from collections.abc import Callable

import msgspec

from mainstay.web.sessions import codec, record
from mainstay.web.sessions.config import Config
from mainstay.web.sessions.entries import Entries
from mainstay.web.sessions.record import Record
from mainstay.web.sessions.session import Due, Found, Move, Sendable, SessionGone, SessionState, changes_of
from mainstay.web.sessions.store import Conflict, StoreError

MOST_TRIES = 200
"""How often a change is tried while others change the same session; each try that fails let another one through."""
_CROWDED = f"a session was changed by others {MOST_TRIES} times while it was to be stored"
_MOVED_FOR = 60.0
_REMIND_EVERY = 60.0

_log = logging.getLogger("mainstay.web.sessions")
Change = Callable[[codec.Data], object]
"""Alters the data it is given; what it returns is not looked at. It may be called more than once."""


class SessionTooLarge(ValueError):
    """The data of a session take more than `max_bytes`; the message names the largest key."""


class SessionTooLate(RuntimeError):
    """A session was begun or given a new id after the response had started, so no cookie can tell the browser."""


class Changes:
    """The ways to change a session. Each raises StoreError; those that need a cookie SessionTooLate in development."""

    def __init__(self, entries: Entries, config: Config) -> None:
        self._entries = entries
        self._config = config
        self._reminded = float("-inf")

    async def create(self, session: SessionState, packed: bytes) -> None:
        """Store a session that was not there before."""
        if not self._can_tell(session):
            return
        now = self._config.clock()
        fresh = Record(now, now, session._idle, session._absolute, session._user, packed)
        _settle(session, await self._entries.put_new(fresh))
        session._due = Due.COOKIE

    async def save(self, session: SessionState, found: Found, packed: bytes) -> None:
        """Store the data of a session that is there."""

        def data_for(there: Found) -> bytes:
            return packed if there is found else self.packed(_merge(session, there))

        if await self._write(session, found, data_for):
            self._tell_if_it_slides(session)

    async def apply(self, session: SessionState, found: Found, change: Change) -> None:
        """Let `change` alter the data that are stored now, and again where another request came between.

        Raises SessionGone.
        """
        data: codec.Data = {}

        def data_for(there: Found) -> bytes:
            nonlocal data
            data = codec.decode(there.record.data)
            change(data)
            return self.packed(data)

        if not await self._write(session, found, data_for):
            raise SessionGone("the session was ended by another request")
        session._data = data

    async def relocate(self, session: SessionState, old: Found, packed: bytes) -> None:
        """The new entry first, then the old one is closed: that step decides, and a logout forbids it."""
        if not self._can_tell(session):
            return
        new = await self._entries.put_new(self._moved(session, old, packed))
        lost = not await self._close(session, old)
        if lost and not session._login:
            await self._entries.delete(new)
            _lose(session)
            return
        if lost:  # a login is good by itself; of what it found nothing is left, only what this request set
            _keep_only_changes(session)
        else:
            await self._entries.delete(old)
        new = await self._catch_up(session, new)
        _settle(session, new)
        session._due = Due.COOKIE

    async def end(self, session: SessionState) -> None:
        """Delete a session, and let its cookie be cleared."""
        found, session._found = session._found, None
        if found is not None:
            session._due = Due.CLEARED
            await self._entries.delete(found)

    async def refresh(self, session: SessionState) -> None:
        """Write down now and then that the session is used; nothing depends on it that the store does not also do."""
        found, now = session._found, self._config.clock()
        if found is None:
            return
        seen = msgspec.structs.replace(found.record, renewed=now)
        try:
            version = await self._entries.put(found.key, seen, found.version)
        except (Conflict, StoreError):
            return  # somebody else wrote it, or ended it; or the guard has logged that the store is down
        session._found = Found(found.id, found.key, version, seen)
        self._tell_if_it_slides(session)

    def packed(self, data: codec.Data) -> bytes:
        """The data as they are stored. Raises Unencodable, SessionTooLarge."""
        packed = codec.encode(data)
        if len(packed) > self._config.max_bytes:
            largest = max(data, key=lambda key: len(codec.encode({key: data[key]})))
            raise SessionTooLarge(
                f"the session takes {len(packed)} bytes, at most {self._config.max_bytes} are stored; "
                f"session[{largest!r:.60}] is the largest part: keep it in a database, and its key here"
            )
        return packed

    def _moved(self, session: SessionState, old: Found, packed: bytes) -> Record:
        now = self._config.clock()
        anew = session._login
        born = now if anew else old.record.created
        idle = old.record.idle if session._idle is None and not anew else session._idle
        absolute = old.record.absolute if session._absolute is None and not anew else session._absolute
        return Record(born, now, idle, absolute, session._user, packed)

    async def _close(self, session: SessionState, old: Found) -> bool:
        """Write the tombstone over the old entry, merging what others wrote until then; False when it is gone."""
        theirs = old
        for attempt in range(MOST_TRIES):
            try:
                await self._entries.store.put(old.key, record.TOMBSTONE, _MOVED_FOR, theirs.version)
            except Conflict:
                await self._entries.pause(attempt)
                again = await self._entries.again(theirs)
                if again is None:
                    return False
                _merge(session, again)
                theirs = again
            else:
                return True
        raise StoreError(_CROWDED)

    async def _catch_up(self, session: SessionState, new: Found) -> Found:
        """Write the new entry once more where the data are not what was written first."""
        packed = self.packed(session._contents())
        if packed == new.record.data:
            return new
        changed = msgspec.structs.replace(new.record, data=packed)
        version = await self._entries.put(new.key, changed, new.version)
        return Found(new.id, new.key, version, changed)

    async def _write(self, session: SessionState, found: Found, data_for: Callable[[Found], bytes]) -> bool:
        """Store what `data_for` makes of the session as it is there, again where another request came between.

        False when it was ended.
        """
        for attempt in range(MOST_TRIES):
            changed = msgspec.structs.replace(found.record, data=data_for(found), renewed=self._config.clock())
            try:
                version = await self._entries.put(found.key, changed, found.version)
            except Conflict:
                await self._entries.pause(attempt)
                again = await self._entries.again(found)
                if again is None:
                    _lose(session)
                    return False
                found = again
            else:
                _settle(session, Found(found.id, found.key, version, changed))
                return True
        raise StoreError(_CROWDED)

    def _tell_if_it_slides(self, session: SessionState) -> None:
        """A cookie that lasts as long as the session is idle has to be sent again as the session goes on."""
        found = session._found
        if self._config.persistent and found is not None and self._config.lifetimes.of(found.record).absolute is None:
            session._due = Due.COOKIE

    def _can_tell(self, session: SessionState) -> bool:
        """Whether the browser can be told a new id; says so where it cannot."""
        match session._sendable:
            case Sendable.YES:
                return True
            case Sendable.INSECURE:
                self._remind()
            case Sendable.STARTED:
                problem = (
                    "a session was begun, or given a new id, after the response had started, when no cookie can be "
                    "set any more: do that before the first part of the body is sent"
                )
                if not self._config.production:
                    raise SessionTooLate(problem)
                _log.warning("%s; nothing was stored", problem)
        abandon(session)
        return False

    def _remind(self) -> None:
        now = time.monotonic()
        if now - self._reminded >= _REMIND_EVERY:
            self._reminded = now
            _log.error(
                "a session was not stored: the cookie %s is Secure, and the request came over http. Where a proxy ends "
                "TLS, say which: trusted_proxy in mainstay.toml, MAINSTAY_TRUSTED_PROXY or proxies=TrustedProxies(...)",
                self._config.cookie.name,
            )


def _lose(session: SessionState) -> None:
    """The session was ended by somebody else: what this request changed goes with it, and nothing is sent."""
    _log.info("a session was ended by another request; what this one changed in it is dropped")
    session._found, session._data, session._user, session._due = None, {}, None, Due.NOTHING


def abandon(session: SessionState) -> None:
    """Forget what this request changed and did not store."""
    session._data, session._move, session._login = None, Move.STAY, False
    session._user = None if session._found is None else session._found.record.user


def _settle(session: SessionState, found: Found) -> None:
    session._found, session._user = found, found.record.user


def _merge(session: SessionState, theirs: Found) -> codec.Data:
    """Put this request's top-level changes on top of what is stored now; the session holds the result."""
    changed, removed = changes_of(session)
    merged = codec.decode(theirs.record.data)
    for key in removed:
        merged.pop(key, None)
    merged.update(changed)
    data = session._contents()
    data.clear()
    data.update(merged)
    session._found = theirs
    return data


def _keep_only_changes(session: SessionState) -> None:
    changed, _ = changes_of(session)
    data = session._contents()
    data.clear()
    data.update(changed)
