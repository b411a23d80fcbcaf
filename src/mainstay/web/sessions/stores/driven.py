"""A blocking store out of an asynchronous one whose calls never suspend: its logic is written once."""

from mainstay.web.sessions.blocking import drive
from mainstay.web.sessions.store import Store, Stored, Version


class Driven:
    """A SyncStore that runs the calls of a Store to their end, without an event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._store!r})"

    def get(self, key: str, renew: float | None = None) -> Stored | None:
        """As Store.get."""
        return drive(self._store.get(key, renew))

    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        """As Store.put."""
        return drive(self._store.put(key, value, ttl, expected))

    def renew(self, key: str, ttl: float) -> bool:
        """As Store.renew."""
        return drive(self._store.renew(key, ttl))

    def delete(self, key: str) -> None:
        """As Store.delete."""
        drive(self._store.delete(key))

    def link(self, user: str, key: str, ttl: float) -> None:
        """As Store.link."""
        drive(self._store.link(user, key, ttl))

    def linked(self, user: str) -> list[str]:
        """As Store.linked."""
        return drive(self._store.linked(user))

    def unlink(self, user: str, key: str) -> None:
        """As Store.unlink."""
        drive(self._store.unlink(user, key))

    def close(self) -> None:
        """As Store.close."""
        drive(self._store.close())
