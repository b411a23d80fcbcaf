"""The life of a session in one request: found by its cookie, changed in the store by compare-and-set, told the browser.

The same code serves asynchronous and blocking apps: over blocking stores it never suspends (see blocking.py). What
another request did meanwhile is read again and merged; a session that was ended stays ended.
"""

import asyncio
import logging
import random
import time
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from mainstay.web.sessions import codec, record
from mainstay.web.sessions.blocking import Blocking
from mainstay.web.sessions.config import Config
from mainstay.web.sessions.cookie import values_of
from mainstay.web.sessions.guard import Guard
from mainstay.web.sessions.record import Record, Unreadable
from mainstay.web.sessions.session import Due, Found, Move, Sendable, SessionGone, SessionState, changes_of
from mainstay.web.sessions.signing import idle_of, key_of, new_id
from mainstay.web.sessions.store import Conflict, Store, Stored, StoreError, Version

MOST_TRIES = 200
"""How often a change is tried while others change the same session; each try that fails let another one through."""
_WITHOUT_PAUSE = 2
_LONGEST_PAUSE = 0.02
_INDEX_KEEPS = 400 * 86400.0
_MOVED_FOR = 60.0
_REMIND_EVERY = 60.0

_log = logging.getLogger("mainstay.web.sessions")
S = TypeVar("S", bound=SessionState)


class SessionTooLarge(ValueError):
    """The data of a session take more than `max_bytes`; the message names the largest key."""


class SessionTooLate(RuntimeError):
    """A session was begun or given a new id after the response had started, so no cookie can tell the browser."""


class Core:
    """What the middleware and the frameworks' adapters share: `find`, `persist`, `cookie`."""

    def __init__(self, store: Store, config: Config) -> None:
        self._blocks = isinstance(store, Blocking)
        self.store = Guard(store, timeout=None if self._blocks else config.timeout)
        self.config = config
        self._reminded = float("-inf")

    def __repr__(self) -> str:
        return f"Core({self.store!r})"

    async def load(self, session: SessionState, cookies: Iterable[bytes]) -> None:
        """Look for the session that the Cookie headers name; without a cookie of ours ask nobody. Raises StoreError."""
        for value in values_of(self.config.name, cookies):
            opened = self.config.signer.open(value)
            if opened is None:
                continue
            found = await self.find(opened.id)
            if found is not None:
                adopt(session, found)
                session._due = Due.NOTHING if opened.current else Due.COOKIE
                return

    async def find(self, id_: str, *, renew: bool = True) -> Found | None:
        """The session with an id that we signed, None when it has ended. Raises StoreError."""
        key = key_of(id_)
        stored = await self.store.get(key, (idle_of(id_) or self.config.lifetimes.idle) if renew else None)
        if stored is None:
            return None
        read = _read(stored)
        if read is None:
            return None
        if not self.lives(read):
            await self._delete(Found(id_, key, stored.version, read))
            return None
        return Found(id_, key, stored.version, read)

    def lives(self, read: Record) -> bool:
        """Whether neither lifetime of a stored session is over."""
        return not self.config.lifetimes.of(read).ended(read, self.config.clock())

    async def reload(self, session: SessionState) -> None:
        """Read the session again and drop what this request changed. Raises SessionGone, StoreError."""
        found = None if session._found is None else await self.find(session._found.id)
        if found is None:
            raise SessionGone("the session cannot be read again: it was ended by another request, or has expired")
        adopt(session, found)

    async def commit(self, session: SessionState) -> str | None:
        """Store what changed and return the Set-Cookie header that is due. Raises what `persist` raises."""
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

    def _age(self, read: Record) -> int | None:
        if not self.config.persistent:
            return None
        lifetimes = self.config.lifetimes.of(read)
        return lifetimes.cookie(read.created, self.config.clock(), rolling=self.config.rolling)

    async def persist(self, session: SessionState) -> None:
        """Store what changed since it was last read or written.

        Raises StoreError; Unencodable, SessionTooLarge and, outside production, SessionTooLate, after which the changes
        are forgotten.
        """
        if not session.modified:
            await self._refresh(session)
            return
        try:
            await self._store(session)
        except (codec.Unencodable, SessionTooLarge, SessionTooLate):
            self.abandon(session)
            raise

    async def drop(self, session: SessionState) -> None:
        """Forget what this request changed, but end what it wanted to end. For requests that failed."""
        if session._move is Move.DROP:
            await self._end(session)
        self.abandon(session)

    async def _store(self, session: SessionState) -> None:
        if session._move is Move.DROP:
            await self._end(session)
        found, data = session._found, session._contents()
        packed = self._packed(data)
        if found is not None and session._move is Move.STAY and packed == found.record.data:
            await self._refresh(session)
        elif not data and session._user is None:
            await self._end(session)
        elif found is None:
            await self._create(session, packed)
        elif session._move is Move.STAY and not self._rotates(found, data):
            await self._save(session, found, packed)
        else:
            await self._relocate(session, found, packed)
        session._move, session._login = Move.STAY, False

    def abandon(self, session: SessionState) -> None:
        """Forget what this request changed and did not store."""
        session._data, session._move, session._login = None, Move.STAY, False
        session._user = None if session._found is None else session._found.record.user

    # Each way to change what is stored

    async def _create(self, session: SessionState, packed: bytes) -> None:
        if not self._can_tell(session):
            return
        now = self.config.clock()
        fresh = Record(now, now, session._idle, session._absolute, session._user, packed)
        _settle(session, await self._put_new(fresh))
        session._due = Due.COOKIE

    async def _save(self, session: SessionState, found: Found, packed: bytes) -> None:
        for attempt in range(MOST_TRIES):
            changed = msgspec.structs.replace(found.record, data=packed, renewed=self.config.clock())
            try:
                version = await self._put(found.key, changed, found.version)
            except Conflict:
                await self._pause(attempt)
                theirs = await self._again(found)
                if theirs is None:
                    self._lose(session)
                    return
                packed = self._packed(_merge(session, theirs))
                found = theirs
            else:
                _settle(session, Found(found.id, found.key, version, changed))
                self._tell_if_it_slides(session)
                return
        raise StoreError(f"a session was changed by others {MOST_TRIES} times while it was to be stored")

    async def _relocate(self, session: SessionState, old: Found, packed: bytes) -> None:
        """The new entry first, then the old one is closed: that step decides, and a logout forbids it."""
        if not self._can_tell(session):
            return
        new = await self._put_new(self._moved(session, old, packed))
        lost = not await self._close(session, old)
        if lost and not session._login:
            await self._delete(new)
            self._lose(session)
            return
        if lost:  # a login is good by itself; of what it found nothing is left, only what this request set
            _keep_only_changes(session)
        else:
            await self._delete(old)
        new = await self._catch_up(session, new)
        _settle(session, new)
        session._due = Due.COOKIE

    def _moved(self, session: SessionState, old: Found, packed: bytes) -> Record:
        now = self.config.clock()
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
                await self.store.put(old.key, record.TOMBSTONE, _MOVED_FOR, theirs.version)
            except Conflict:
                await self._pause(attempt)
                again = await self._again(theirs)
                if again is None:
                    return False
                _merge(session, again)
                theirs = again
            else:
                return True
        raise StoreError(f"a session was changed by others {MOST_TRIES} times while its id was to be changed")

    async def _catch_up(self, session: SessionState, new: Found) -> Found:
        """Write the new entry once more where the data are not what was written first."""
        packed = self._packed(session._contents())
        if packed == new.record.data:
            return new
        changed = msgspec.structs.replace(new.record, data=packed)
        version = await self._put(new.key, changed, new.version)
        return Found(new.id, new.key, version, changed)

    async def _end(self, session: SessionState) -> None:
        found, session._found = session._found, None
        if found is not None:
            session._due = Due.CLEARED
            await self._delete(found)

    async def _refresh(self, session: SessionState) -> None:
        """Write down now and then that the session is used; nothing depends on it that the store does not also do."""
        found, now = session._found, self.config.clock()
        if found is None or now - found.record.renewed < self.config.lifetimes.of(found.record).grain:
            return
        seen = msgspec.structs.replace(found.record, renewed=now)
        try:
            version = await self._put(found.key, seen, found.version)
        except (Conflict, StoreError):
            return  # somebody else wrote it, or ended it; or the guard has logged that the store is down
        session._found = Found(found.id, found.key, version, seen)
        self._tell_if_it_slides(session)

    # Steps of these

    async def _put(self, key: str, changed: Record, expected: Version | None) -> Version:
        left = self.config.lifetimes.of(changed).left(changed.created, changed.renewed)
        return await self.store.put(key, record.pack(changed), left, expected)

    async def _put_new(self, fresh: Record) -> Found:
        id_ = new_id(None if fresh.idle is None else int(fresh.idle))
        key = key_of(id_)
        version = await self._put(key, fresh, None)
        if fresh.user is not None:
            await self._link(key, fresh.user, fresh)
        return Found(id_, key, version, fresh)

    async def _link_anew(self, had: Found, user: str | None) -> None:
        """Put a session that was stored with another user where it belongs in the index."""
        if had.record.user is not None:
            await self.store.unlink(had.record.user, had.key)
        if user is not None:
            await self._link(had.key, user, had.record)

    async def _link(self, key: str, user: str, of: Record) -> None:
        keeps = self.config.lifetimes.of(of).absolute
        await self.store.link(user, key, _INDEX_KEEPS if keeps is None else keeps)

    async def _delete(self, found: Found) -> None:
        await self.store.delete(found.key)
        if found.record.user is not None:
            await self.store.unlink(found.record.user, found.key)

    async def _again(self, found: Found) -> Found | None:
        stored = await self.store.get(found.key)
        if stored is None:
            return None
        read = _read(stored)
        return None if read is None else Found(found.id, found.key, stored.version, read)

    async def _pause(self, attempt: int) -> None:
        if attempt < _WITHOUT_PAUSE:
            return
        pause = random.uniform(0, min(_LONGEST_PAUSE, 0.001 * attempt))
        if self._blocks:
            time.sleep(pause)
        else:
            await asyncio.sleep(pause)

    def _packed(self, data: codec.Data) -> bytes:
        packed = codec.encode(data)
        if len(packed) > self.config.max_bytes:
            largest = max(data, key=lambda key: len(codec.encode({key: data[key]})))
            raise SessionTooLarge(
                f"the session takes {len(packed)} bytes, at most {self.config.max_bytes} are stored; "
                f"session[{largest!r:.60}] is the largest part: keep it in a database, and its key here"
            )
        return packed

    def _rotates(self, found: Found, data: codec.Data) -> bool:
        if not self.config.rotate_on:
            return False
        before = codec.decode(found.record.data)
        return any(before.get(key) != data.get(key) for key in self.config.rotate_on)

    def _lose(self, session: SessionState) -> None:
        """The session was ended by somebody else: what this request changed goes with it, and nothing is sent."""
        _log.info("a session was ended by another request; what this one changed in it is dropped")
        session._found, session._data, session._user, session._due = None, {}, None, Due.NOTHING

    def _tell_if_it_slides(self, session: SessionState) -> None:
        """A cookie that lasts as long as the session is idle has to be sent again as the session goes on."""
        found = session._found
        if self.config.persistent and found is not None and self.config.lifetimes.of(found.record).absolute is None:
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
                if not self.config.production:
                    raise SessionTooLate(problem)
                _log.warning("%s; nothing was stored", problem)
        self.abandon(session)
        return False

    def _remind(self) -> None:
        now = time.monotonic()
        if now - self._reminded >= _REMIND_EVERY:
            self._reminded = now
            _log.error(
                "a session was not stored: the cookie %s is Secure, and the request came over http. Where a proxy ends "
                "TLS, say which: trusted_proxy in mainstay.toml, MAINSTAY_TRUSTED_PROXY or proxies=TrustedProxies(...)",
                self.config.cookie.name,
            )


def _read(stored: Stored) -> Record | None:
    try:
        return record.unpack(stored.value)
    except Unreadable as problem:
        _log.warning("a session is taken for ended: %s", problem)
        return None


def adopt(session: SessionState, found: Found) -> None:
    """Let `session` be what was found, with no change made yet."""
    session._found, session._data, session._user = found, None, found.record.user
    session._move, session._login = Move.STAY, False


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
