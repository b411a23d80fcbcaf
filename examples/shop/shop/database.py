"""The engine and its sessions; nothing here runs at import, so a process may import the app and then fork."""

import fcntl
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from fastapi import Request
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from mainstay.settings.database import Database, Sections
from shop.settings import settings

BUSY_TIMEOUT = 15.0  # seconds a connection waits for another worker's write


def database() -> Database:
    """One file in every environment; production hides the SQL and its values."""
    timeout = {"connect_args": {"timeout": BUSY_TIMEOUT}}
    return Database(driver="sqlite", database=str(settings().database), echo=False, options=timeout)


databases = Sections(development=database, test=database, production=database)


def open_engine() -> Engine:
    """Return an engine on the file named by SHOP_DATABASE, its folder made; once per process, after any fork."""
    file = settings().database
    file.parent.mkdir(parents=True, exist_ok=True)
    _switch_to_wal(file)
    engine = databases.engine()
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _switch_to_wal(file: Path) -> None:
    """Let readers and the writer not wait for one another; kept in the file, so later calls change nothing.

    In turn, under a lock of our own: two that switch a new file at the same moment are told "database is locked" at
    once, whatever the timeout.
    """
    with file.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")


def _set_up_connection(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3's own BEGIN comes too late: ours is below
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for its turn in SQLite: it fails at once when
    # another worker wrote in between. Writers therefore take the write lock at the start, where waiting works.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Generator[Session]:
    """One transaction that may write: committed at the end of the block, rolled back when the block raises.

    A block in the endpoint and not a FastAPI dependency, because those are closed after the response has been sent:
    the customer would be told of an order that another worker cannot see yet.
    """
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        yield session


def to_read(request: Request) -> Generator[Session]:
    """FastAPI dependency: a session for a request that only reads."""
    with Session(request.app.state.engine) as session:
        yield session
