"""The asynchronous SQL store against real databases."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from mainstay.web.sessions.conformance import LONG, StoreConformance, new_key
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.sql import SQLStore
from tests.servers.database import Database
from tests.servers.process import Process
from tests.web.sessions.stores import faults, together
from tests.web.sessions.stores.writing import PATIENT, driver_of


def of(server: Database) -> str:
    """The URL of a server, for the asynchronous driver."""
    return server.url(driver_of(server.dialect, asynchronous=True))


class TestSQLStore(StoreConformance):
    shortest = 0.2

    @pytest.fixture(autouse=True)
    def _server(self, database: Database) -> None:
        self.url = of(database)

    def make_store(self) -> SQLStore:
        return SQLStore(create_async_engine(self.url, poolclass=NullPool), limits=PATIENT)


class TestSQLStoreInAFile(StoreConformance):
    shortest = 0.2

    @pytest.fixture(autouse=True)
    def _file(self, sqlite_url: str) -> None:
        self.url = f"sqlite+aiosqlite:{sqlite_url}"

    def make_store(self) -> SQLStore:
        return SQLStore(create_async_engine(self.url, poolclass=NullPool), limits=PATIENT)


def with_store(url: str, use: Callable[[SQLStore, Engine], Awaitable[None]]) -> None:
    """Use a store whose engine is closed afterwards."""

    async def work() -> None:
        engine = create_async_engine(url)
        try:
            await use(SQLStore(engine, limits=PATIENT), engine.sync_engine)
        finally:
            await engine.dispose()

    asyncio.run(work())


def test_a_read_is_one_statement_unless_half_the_time_is_over(database: Database) -> None:
    statements: list[str] = []

    async def use(store: SQLStore, engine: Engine) -> None:
        key = new_key()
        await store.put(key, b"data", LONG, None)
        event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2].split()[0]))
        await store.get(key, LONG)
        await store.get(key, LONG * 1.9)
        await store.get(key, LONG * 2.1)
        await store.get(key, LONG * 2.1)

    with_store(of(database), use)

    assert statements == ["SELECT", "SELECT", "SELECT", "UPDATE", "SELECT"]


def test_missing_tables_are_told_with_what_to_do(tmp_path: Path) -> None:
    async def use(store: SQLStore, _engine: Engine) -> None:
        with pytest.raises(StoreError, match=r"call the store's create\(\), or migrate"):
            await store.get(new_key())

    with_store(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}", use)


def test_creating_the_tables_again_does_no_harm(database: Database) -> None:
    async def use(store: SQLStore, _engine: Engine) -> None:
        await asyncio.gather(store.create(), store.create())

    with_store(of(database), use)


def test_a_wrong_password_is_neither_accepted_nor_told(database: Database) -> None:
    async def use(store: SQLStore, _engine: Engine) -> None:
        with pytest.raises(StoreError) as caught:
            await store.put(new_key(), b"the data of a user", LONG, None)
        assert f"127.0.0.1:{database.port}" in str(caught.value)
        assert "guessed" not in str(caught.value)
        assert "the data" not in repr(caught.value) + repr(caught.value.__cause__)

    with_store(of(database).replace("p%40ss%2Fw%3Ard%2525", "guessed"), use)


def test_a_blocking_engine_is_refused_with_what_to_use(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="use SyncSQLStore"):
        SQLStore(create_engine(f"sqlite:///{tmp_path / 'x.db'}"))  # type: ignore[arg-type]  # that is what is tested


def test_no_update_is_lost_between_processes(database: Database) -> None:
    together.no_update_is_lost_between_processes(database.url())


def test_a_deletion_wins_over_all_writers(database: Database) -> None:
    together.a_deletion_wins_over_all_writers(database.url())


def test_cancelled_statements_take_no_reply_of_others(database: Database) -> None:
    together.cancelled_commands_take_no_reply_of_others(database.url())


def test_it_outlives_its_server(relayed: tuple[Database, Process]) -> None:
    server, process = relayed

    faults.an_asynchronous_store_outlives_its_server(server.url(), process)


def test_a_connection_that_ended_while_it_was_idle_is_replaced_unseen(relayed: tuple[Database, Process]) -> None:
    server, process = relayed

    async def use(store: SQLStore, _engine: Engine) -> None:
        key = new_key()
        version = await store.put(key, b"one", LONG, None)
        await asyncio.to_thread(process.kill)
        await asyncio.to_thread(process.start)

        await store.put(key, b"two", LONG, version)

    with_store(of(server), use)


def test_a_forked_child_has_connections_of_its_own(database: Database) -> None:
    """The engine's pool is the parent's; the child runs a loop of its own with the same store."""
    engine = create_async_engine(of(database))
    store = SQLStore(engine, limits=PATIENT)

    async def pids() -> None:
        await store.get(new_key())

    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(pids())
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
