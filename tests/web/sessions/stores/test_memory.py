import logging

import pytest

from mainstay.web.sessions.blocking import drive
from mainstay.web.sessions.conformance import StoreConformance, SyncStoreConformance, new_key
from mainstay.web.sessions.stores.memory import MemoryStore, SyncMemoryStore


class TestConformance(StoreConformance):
    shortest = 0.03
    store = MemoryStore()

    def make_store(self) -> MemoryStore:
        return self.store


class TestSyncConformance(SyncStoreConformance):
    shortest = 0.03
    store = SyncMemoryStore()

    def make_store(self) -> SyncMemoryStore:
        return self.store


def test_the_least_recently_used_go_when_there_are_too_many() -> None:
    store = SyncMemoryStore(most=2)
    first, second, third = new_key(), new_key(), new_key()
    store.put(first, b"1", 60, None)
    store.put(second, b"2", 60, None)
    store.get(first, 60)

    store.put(third, b"3", 60, None)

    assert store.get(second) is None
    assert len(store) == 2


def test_expired_entries_do_not_stay_in_memory() -> None:
    now = 0.0
    store = SyncMemoryStore(clock=lambda: now)
    for _ in range(1000):
        store.put(new_key(), b"", 10, None)
        store.link("ann", new_key(), 10)
    now = 11.0

    for _ in range(1100):
        store.put(new_key(), b"", 10, None)

    assert len(store) <= 1100
    assert store.linked("ann") == []


def test_a_store_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="most=1"):
        MemoryStore(most=0)


def test_production_is_told_that_memory_is_not_shared(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("APP_ENV", "production")

    with caplog.at_level(logging.WARNING):
        MemoryStore()

    assert "other workers do not see them" in caplog.text


def test_development_is_told_nothing(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APP_ENV", raising=False)

    MemoryStore()

    assert caplog.text == ""


def test_its_calls_need_no_event_loop() -> None:
    store, key = MemoryStore(), new_key()

    drive(store.put(key, b"x", 60, None))

    assert drive(store.get(key)) is not None
