"""The suite passes a right store, and each fault of a wrong one fails a test of it."""

import inspect
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from mainstay.web.sessions.blocking import Blocking
from mainstay.web.sessions.conformance import StoreConformance, SyncStoreConformance
from mainstay.web.sessions.store import Conflict, Stored, Version


class DictStore:
    """The plainest right store; subclasses below are wrong in one thing each."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.entries: dict[str, tuple[bytes, int, float]] = {}
        self.links: dict[str, set[str]] = {}

    def get(self, key: str, renew: float | None = None) -> Stored | None:
        with self.lock:
            entry = self.entries.get(key)
            if entry is None or entry[2] < time.monotonic():
                return None
            if renew is not None:
                self.entries[key] = (entry[0], entry[1], time.monotonic() + renew)
            return Stored(entry[0], entry[1])

    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        with self.lock:
            stored = self.get(key)
            if (stored and stored.version) != expected:
                raise Conflict(gone=stored is None)
            version = stored.version + 1 if stored and isinstance(stored.version, int) else 1
            self.entries[key] = (value, version, time.monotonic() + ttl)
            return version

    def renew(self, key: str, ttl: float) -> bool:
        return self.get(key, ttl) is not None

    def delete(self, key: str) -> None:
        self.entries.pop(key, None)

    def link(self, user: str, key: str, ttl: float) -> None:  # noqa: ARG002 - the index never forgets
        self.links.setdefault(user, set()).add(key)

    def linked(self, user: str) -> list[str]:
        return sorted(self.links.get(user, ()))

    def unlink(self, user: str, key: str) -> None:
        self.links.get(user, set()).discard(key)

    def close(self) -> None:
        pass


class ForgetsToCompare(DictStore):
    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        stored = self.get(key)
        return super().put(key, value, ttl, stored.version if stored else expected)


class NeverExpires(DictStore):
    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        return super().put(key, value, 1000 + ttl, expected)


class ReadsWithoutRenewing(DictStore):
    def get(self, key: str, renew: float | None = None) -> Stored | None:
        return super().get(key, renew and None)


class CutsValues(DictStore):
    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        return super().put(key, value.split(b"\x00")[0], ttl, expected)


class KeepsDeleted(DictStore):
    def delete(self, key: str) -> None:
        pass


class MixesUsers(DictStore):
    def link(self, user: str, key: str, ttl: float) -> None:
        super().link(user[:0], key, ttl)

    def linked(self, user: str) -> list[str]:
        return super().linked(user[:0])


def _suite(store: DictStore) -> SyncStoreConformance:
    class Suite(SyncStoreConformance):
        shortest = 0.03
        patience = 0.5

        def make_store(self) -> DictStore:
            return store

    return Suite()


def _tests(suite: SyncStoreConformance) -> Iterator[Callable[[], None]]:
    for name, test in inspect.getmembers(suite, inspect.ismethod):
        if name.startswith("test_"):
            yield test


class TestRightStore(SyncStoreConformance):
    shortest = 0.05
    store = DictStore()

    def make_store(self) -> DictStore:
        return self.store


class TestRightAsynchronousStore(StoreConformance):
    shortest = 0.05
    store = DictStore()

    def make_store(self) -> Blocking:
        return Blocking(self.store)


@pytest.mark.parametrize(
    "wrong", [ForgetsToCompare, NeverExpires, ReadsWithoutRenewing, CutsValues, KeepsDeleted, MixesUsers]
)
def test_a_wrong_store_fails(wrong: type[DictStore]) -> None:
    failed = []
    for test in _tests(_suite(wrong())):
        try:
            test()
        except AssertionError:
            failed.append(test.__name__)

    assert failed
