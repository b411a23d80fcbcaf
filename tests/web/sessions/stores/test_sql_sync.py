"""The blocking SQL store against real databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from mainstay.web.sessions.conformance import LONG, SyncStoreConformance, new_key
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.sql_sync import SyncSQLStore
from tests.servers.database import Database
from tests.servers.process import Process
from tests.web.sessions.stores import faults, together
from tests.web.sessions.stores.writing import PATIENT, driver_of, sync_store_at


class TestSyncSQLStore(SyncStoreConformance):
    shortest = 0.2

    @pytest.fixture(autouse=True)
    def _server(self, database: Database) -> Iterator[None]:
        self.engine = create_engine(database.url(driver_of(database.dialect)))
        yield
        self.engine.dispose()

    def make_store(self) -> SyncSQLStore:
        return SyncSQLStore(self.engine, limits=PATIENT)


class TestSyncSQLStoreInAFile(SyncStoreConformance):
    shortest = 0.2

    @pytest.fixture(autouse=True)
    def _file(self, sqlite_url: str) -> Iterator[None]:
        self.engine = create_engine(f"sqlite:{sqlite_url}")
        yield
        self.engine.dispose()

    def make_store(self) -> SyncSQLStore:
        return SyncSQLStore(self.engine, limits=PATIENT)


def test_it_works_in_memory() -> None:
    engine = create_engine("sqlite://")
    store, key = SyncSQLStore(engine), new_key()
    store.create()

    store.put(key, b"data", LONG, None)

    assert store.get(key) is not None
    engine.dispose()


def test_what_has_expired_is_purged_in_passing(sqlite_url: str) -> None:
    now = [1000.0]
    engine = create_engine(f"sqlite:{sqlite_url}")
    store = SyncSQLStore(engine, purge_every=600, clock=lambda: now[0])
    old = [new_key() for _ in range(3)]
    for key in old:
        store.put(key, b"old", 10, None)
        store.link("user", key, 10)
    now[0] += 2000

    store.put(new_key(), b"new", 10, None)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM mainstay_sessions").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM mainstay_sessions_of_users").scalar() == 0
    engine.dispose()


def test_purging_says_how_many_went(sqlite_url: str) -> None:
    now = [1000.0]
    engine = create_engine(f"sqlite:{sqlite_url}")
    store = SyncSQLStore(engine, purge_every=0, clock=lambda: now[0])
    for lifetime in [10.0] * 510 + [5000.0]:
        store.put(new_key(), b"data", lifetime, None)
    now[0] += 2000

    assert store.purge() == 510
    assert store.purge() == 0
    engine.dispose()


def test_an_asynchronous_engine_is_refused_with_what_to_use(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="use SQLStore"):
        SyncSQLStore(create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"))  # type: ignore[arg-type]  # tested


def test_missing_tables_are_told_with_what_to_do(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(StoreError, match=r"call the store's create\(\), or migrate"):
        SyncSQLStore(engine).get(new_key())
    engine.dispose()


def test_a_connection_that_ended_while_it_was_idle_is_replaced_unseen(relayed: tuple[Database, Process]) -> None:
    server, process = relayed
    with sync_store_at(server.url()) as store:
        key = new_key()
        version = store.put(key, b"one", LONG, None)
        process.kill()
        process.start()

        assert store.put(key, b"two", LONG, version) != version


def test_a_forked_child_talks_for_itself(database: Database) -> None:
    together.a_forked_child_talks_for_itself(database.url())


def test_it_outlives_its_server(relayed: tuple[Database, Process]) -> None:
    server, process = relayed

    faults.a_blocking_store_outlives_its_server(server.url(), process)
