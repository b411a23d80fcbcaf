"""What a session store must do: seven small calls, in an asynchronous and a blocking form.

A store knows nothing of cookies, users' data or lifetimes: it keeps bytes under a key for some seconds, and changes
them only when nobody else did so first. `mainstay.web.sessions.conformance` tests a store of your own.
"""

from dataclasses import dataclass
from typing import Protocol

Version = int | bytes
"""What `put` and `get` hand out, for the next `put` to compare with. Opaque: only the store knows what is in it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies under a key: the encoded record, and its version for compare-and-set."""

    value: bytes
    version: Version

    def __repr__(self) -> str:
        return f"Stored({len(self.value)} bytes, version={self.version!r})"  # the data of a user is in no log


class Conflict(Exception):
    """Somebody else wrote the entry, or deleted it, since it was read.

    `gone` says which: True when there is no such entry any more (it was deleted or has expired).
    """

    def __init__(self, *, gone: bool) -> None:
        super().__init__("the entry is gone" if gone else "the entry was changed by somebody else")
        self.gone = gone


class StoreError(Exception):
    """The store cannot be reached, or answered nonsense. A store raises nothing else but Conflict."""


class Store(Protocol):
    """A session store for asynchronous apps. Keys are 64 hex digits; times to live are in seconds.

    Every method may raise StoreError. None may wait for ever: the caller's time limit ends it by cancelling.
    """

    async def get(self, key: str, renew: float | None = None) -> Stored | None:
        """What lies under `key`, None when there is nothing (any more), in one round trip.

        With `renew` the time to live is set to that many seconds in the same trip; the version stays what it was.
        """

    async def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """Store `value` for `ttl` seconds and return its version, which differs from the one before.

        With `expected=None` only where nothing is stored; otherwise only if the version is still `expected`. Raises
        Conflict: with gone=True where `expected` was given and nothing is there. Never brings back a deleted entry.
        """

    async def renew(self, key: str, ttl: float) -> bool:
        """Let the entry live for `ttl` seconds from now; False when there is none. The version stays what it was."""

    async def delete(self, key: str) -> None:
        """Remove the entry, if there is one."""

    async def link(self, user: str, key: str, ttl: float) -> None:
        """Remember for `ttl` seconds or longer that the session `key` is one of `user`'s."""

    async def linked(self, user: str) -> list[str]:
        """The keys linked to `user`, in any order, each once; some may have no entry any more."""

    async def unlink(self, user: str, key: str) -> None:
        """Forget the link, if there is one."""

    async def close(self) -> None:
        """Give back connections and files. Calling it twice does no harm."""


class SyncStore(Protocol):
    """A session store for blocking apps (WSGI, Flask, Django): the same calls, which wait. See Store.

    It is called from many threads at once. Nobody can end a call from outside: it keeps its own time limit.
    """

    def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""

    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""

    def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""

    def delete(self, key: str) -> None:
        """As Store.delete."""

    def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""

    def linked(self, user: str) -> list[str]:
        """As Store.linked."""

    def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""

    def close(self) -> None:
        """As Store.close."""
