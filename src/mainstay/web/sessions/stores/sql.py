"""Sessions in a SQL database through SQLAlchemy 2: PostgreSQL, MySQL, MariaDB, SQLite. For asynchronous apps.

Needs SQLAlchemy and a driver: `pip install 'mainstay[sql]' asyncpg`.
"""

import asyncio
import contextvars
import os
import time
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from sqlalchemy import Connection, Executable, MetaData
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateIndex, CreateTable

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.sql_entries import PURGE_EVERY, Outcome, SQLEntries
from mainstay.web.sessions.stores.sql_errors import place_of, translated
from mainstay.web.sessions.stores.sql_statements import Statements
from mainstay.web.sessions.stores.sql_tables import Tables, session_tables
from mainstay.web.sessions.stores.wire import Limits, TimedOut

T = TypeVar("T")

_TO_CREATE = 30.0

COMMITTING = {"mysql", "mariadb"}
"""Where a transaction takes fewer round trips than AUTOCOMMIT, which these drivers switch on and off with a command."""


class SQLStore(SQLEntries):
    """A Store in the database of an AsyncEngine. `await store.create()` makes the tables, or Alembic does.

    The engine is yours, belongs to one event loop, and is not closed by the store. `tables` come from session_tables.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        tables: Tables | None = None,
        limits: Limits | None = None,
        purge_every: float = PURGE_EVERY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(engine, AsyncEngine):
            raise TypeError("SQLStore takes an engine from create_async_engine(); for another one use SyncSQLStore")
        tables = tables or session_tables(MetaData())
        statements = Statements(tables, engine.dialect.name)
        super().__init__(AsyncExecutor(engine, tables, limits or Limits()), statements, purge_every, clock)


class AsyncExecutor:
    """An Executor over an AsyncEngine.

    Each statement is a task, so that a caller whose time is over need not wait until a connection to a hung server has
    been given up. The tasks are counted, and `close` waits for them.
    """

    def __init__(self, engine: AsyncEngine, tables: Tables, limits: Limits) -> None:
        self.where = place_of(engine.url)
        self._commits = engine.dialect.name in COMMITTING
        self._engine = engine if self._commits else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._tables = tables
        self._limits = limits
        self._under_way: set[asyncio.Task[Outcome]] = set()
        forget_in_children(self._engine.sync_engine.dispose, self)

    async def run(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        """As Executor.run."""
        return await self._bounded(self._execute(statement, parameters), self._limits.timeout)

    async def create(self) -> None:
        """As Executor.create."""
        await self._bounded(self._create(), _TO_CREATE)

    async def close(self) -> None:
        """As Executor.close."""
        for task in list(self._under_way):
            task.cancel()
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=self._limits.connect_timeout)

    async def _bounded(self, work: Awaitable[Outcome], seconds: float) -> Outcome:
        if len(self._under_way) >= self._limits.most_waiting:
            raise StoreError(f"the {self.where} is behind: {len(self._under_way)} statements are under way")
        task = asyncio.get_running_loop().create_task(_awaited(work), context=contextvars.Context())
        self._under_way.add(task)
        task.add_done_callback(self._settled)
        try:
            done, _ = await asyncio.wait([task], timeout=seconds)
        except asyncio.CancelledError:
            # Ending a statement costs its connection: it may come to its end alone, if it does so soon.
            asyncio.get_running_loop().call_later(seconds, task.cancel)
            raise
        if not done:
            task.cancel()
            raise TimedOut(f"the {self.where} did not answer within {seconds * 1000:g} ms")
        if task.cancelled():
            raise StoreError(f"the store was closed while the {self.where} had not yet answered")
        try:
            return task.result()
        except Exception as error:
            raise translated(error, self.where) from None

    def _settled(self, task: asyncio.Task[Outcome]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited for it may have gone

    async def _execute(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        try:
            return await self._execute_once(statement, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # The connection had ended while it was idle, or ends now. Twice does no harm: a write recognises itself.
        return await self._execute_once(statement, parameters)

    async def _execute_once(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        async with self._engine.connect() as connection:
            result = await connection.execute(statement, parameters)
            if result.returns_rows:
                return Outcome(result.all())
            if self._commits:
                await connection.commit()
            return Outcome(changed=result.rowcount)

    async def _create(self) -> Outcome:
        async with self._engine.connect() as connection:
            await connection.run_sync(create_tables, self._tables)
        return Outcome()


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def create_tables(connection: Connection, tables: Tables) -> None:
    """Create what is not there. Twice, since of two processes that create a table at once one may fail."""
    for attempt in (1, 2):
        try:
            for table in (tables.sessions, tables.links):
                if connection.dialect.has_table(connection, table.name, table.schema):
                    continue
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index))
            return
        except SQLAlchemyError:
            if attempt == 2:
                raise


def forget_in_children(dispose: Callable[..., None], owner: object) -> None:
    """Let the child of a fork begin with no connection of its parent's, while `owner` lives."""
    alive = weakref.ref(owner)

    def forget() -> None:
        if alive() is not None:
            dispose(close=False)

    os.register_at_fork(after_in_child=forget)
