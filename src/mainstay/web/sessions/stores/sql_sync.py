"""Sessions in a SQL database through SQLAlchemy 2, for blocking apps (Flask, Django, WSGI). The data is sql.py's."""

import time
from collections.abc import Callable, Mapping

from sqlalchemy import Engine, Executable, MetaData
from sqlalchemy.exc import DBAPIError

from mainstay.web.sessions.blocking import drive
from mainstay.web.sessions.stores.driven import Driven
from mainstay.web.sessions.stores.in_time import InTime
from mainstay.web.sessions.stores.sql import COMMITTING, create_tables, forget_in_children
from mainstay.web.sessions.stores.sql_entries import PURGE_EVERY, Outcome, SQLEntries
from mainstay.web.sessions.stores.sql_errors import place_of, translated
from mainstay.web.sessions.stores.sql_statements import Statements
from mainstay.web.sessions.stores.sql_tables import Tables, session_tables
from mainstay.web.sessions.stores.wire import Limits, TimedOut

_MOST_THREADS = 64


class SyncSQLStore(Driven):
    """A SyncStore in the database of an Engine: see SQLStore.

    Statements run in threads of the store, as most drivers cannot be told to stop waiting for a hung server. SQLite's
    run in the caller's thread: it has no server.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        tables: Tables | None = None,
        limits: Limits | None = None,
        purge_every: float = PURGE_EVERY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(engine, Engine):
            raise TypeError("SyncSQLStore takes an engine from create_engine(); for an asynchronous one use SQLStore")
        tables = tables or session_tables(MetaData())
        executor = SyncExecutor(engine, tables, limits or Limits())
        self._entries = SQLEntries(executor, Statements(tables, engine.dialect.name), purge_every, clock)
        super().__init__(self._entries)

    def create(self) -> None:
        """As SQLStore.create."""
        drive(self._entries.create())

    def purge(self) -> int:
        """As SQLStore.purge."""
        return drive(self._entries.purge())


class SyncExecutor:
    """An Executor over an Engine; its calls never suspend."""

    def __init__(self, engine: Engine, tables: Tables, limits: Limits) -> None:
        self.where = place_of(engine.url)
        self._commits = engine.dialect.name in COMMITTING
        self._engine = engine if self._commits else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._tables = tables
        self._limits = limits
        self._threads = None if engine.dialect.name == "sqlite" else InTime(_MOST_THREADS)
        forget_in_children(self._engine.dispose, self)

    async def run(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        """As Executor.run."""
        try:
            if self._threads is None:
                return self._execute(statement, parameters)
            return self._threads.run(lambda: self._execute(statement, parameters), self._limits.timeout)
        except TimeoutError:
            milliseconds = self._limits.timeout * 1000
            raise TimedOut(f"the {self.where} did not answer within {milliseconds:g} ms") from None
        except Exception as error:
            raise translated(error, self.where) from None

    async def create(self) -> None:
        """As Executor.create."""
        try:
            with self._engine.connect() as connection:
                create_tables(connection, self._tables)
        except Exception as error:
            raise translated(error, self.where) from None

    async def close(self) -> None:
        """As Executor.close."""
        if self._threads is not None:
            self._threads.close()

    def _execute(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        try:
            return self._execute_once(statement, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # The connection had ended while it was idle, or ends now. Twice does no harm: a write recognises itself.
        return self._execute_once(statement, parameters)

    def _execute_once(self, statement: Executable, parameters: Mapping[str, object]) -> Outcome:
        with self._engine.connect() as connection:
            result = connection.execute(statement, parameters)
            if result.returns_rows:
                return Outcome(result.all())
            if self._commits:
                connection.commit()
            return Outcome(changed=result.rowcount)
