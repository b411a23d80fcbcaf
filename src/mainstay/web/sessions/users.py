"""The sessions of one user: listed, and ended. Who a session belongs to is said by `session.login(user)`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mainstay.web.sessions import codec, record
from mainstay.web.sessions.record import Record, Unreadable
from mainstay.web.sessions.store import Store, Stored


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One session of a user. `key` names it for `end_session`, and is good for no cookie.

    Instants are seconds since 1970. `last_seen` is right to a few minutes: a session that is only read is not written
    for each request.
    """

    key: str
    created: float
    last_seen: float
    current: bool
    data: Mapping[str, Any] = field(repr=False)


def _any(_: Record) -> bool:
    return True


async def sessions_of(
    store: Store, user: str | int, *, current: str | None = None, living: Callable[[Record], bool] = _any
) -> list[SessionInfo]:
    """The living sessions of `user`, the one last used first. `current` is the key of the one that asks."""
    found = []
    for key in await store.linked(str(user)):
        stored = await store.get(key)
        read = None if stored is None else _read(stored)
        if read is None or not living(read):
            await store.unlink(str(user), key)
            continue
        data = MappingProxyType(codec.decode(read.data))
        found.append(SessionInfo(key, read.created, read.renewed, key == current, data))
    return sorted(found, key=lambda info: info.last_seen, reverse=True)


def _read(stored: Stored) -> Record | None:
    try:
        return record.unpack(stored.value)
    except Unreadable:
        return None  # it would be taken for ended, too, if it came by a cookie


async def end_sessions_of(store: Store, user: str | int, *, keep: str | None = None) -> int:
    """End all sessions of `user`, but the one with the key `keep`; returns how many there were.

    A session that gets another id meanwhile is ended, too: its new entry is linked before the old one is given up, so
    looking until there is nothing new finds it.
    """
    ended: set[str] = set()
    while keys := set(await store.linked(str(user))) - ended - {keep}:
        for key in keys:
            await _end(store, user, key)
        ended |= keys
    return len(ended)


async def end_session(store: Store, user: str | int, key: str) -> bool:
    """End one session of `user`; False when `key` is not one of theirs."""
    if key not in await store.linked(str(user)):
        return False
    await _end(store, user, key)
    return True


async def _end(store: Store, user: str | int, key: str) -> None:
    await store.delete(key)
    await store.unlink(str(user), key)
