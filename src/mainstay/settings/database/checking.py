"""Is the database there? One connection, asked for its version: how long it took, or one line about what is wrong."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstay.settings.database.addresses import masked, scrubbed
from mainstay.settings.database.drivers import SQLITE, dialect_of, needs_asyncio
from mainstay.settings.database.engines import make_async_engine, make_engine
from mainstay.settings.database.problems import DatabaseError
from mainstay.settings.database.resolve import Resolved, secrets_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SERVERS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", SQLITE: "SQLite"}
_VERSION = {
    "postgresql": "SHOW server_version",
    "mysql": "SELECT VERSION()",
    "mariadb": "SELECT VERSION()",
    SQLITE: "SELECT sqlite_version()",
}


class NotReached(DatabaseError):
    """The database does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Health:
    """A database that answers. Times are in seconds."""

    server: str
    version: str
    connect: float
    latency: float
    """Of one question and its answer, on a connection that is there."""


def check(resolved: Resolved, environ: Mapping[str, str], timeout: float) -> Health:
    """Connect and ask, for `timeout` seconds at most, also where the driver itself knows no limit.

    Raises NotReached with one line and no password in it, and what `make_engine` raises.
    """
    _look_at_file(resolved)
    answers: list[Health] = []
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            answers.append(_ask(resolved, environ))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=ask, name="database check", daemon=True)
    thread.start()
    thread.join(timeout)
    for health in answers:
        return health
    for failure in failures:
        if isinstance(failure, DatabaseError):
            raise failure
        raise _not_reached(resolved, _reason(failure)) from None
    raise _not_reached(resolved, f"no answer within {timeout:g} s")


def _look_at_file(resolved: Resolved) -> None:
    """Connecting would make a file of SQLite that is not there; a check makes nothing."""
    path = resolved.url.database
    if dialect_of(resolved.url.drivername) != SQLITE or resolved.in_memory or not path or path.startswith("file:"):
        return
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise _not_reached(resolved, f"the folder of {path} is missing")
    if not os.path.exists(path):
        raise _not_reached(resolved, f"{path} is missing", "the first connection of the app or its migrations make it")


def _ask(resolved: Resolved, environ: Mapping[str, str]) -> Health:
    from sqlalchemy.pool import NullPool

    options = {"poolclass": NullPool, "echo": False, "pool_pre_ping": False}
    began = time.perf_counter()
    if needs_asyncio(resolved.url.drivername):
        import asyncio

        async def ask() -> Health:
            engine = make_async_engine(resolved, environ, **options)
            async with engine.connect() as connection:
                return await connection.run_sync(_look, began)

        return asyncio.run(ask())
    with make_engine(resolved, environ, **options).connect() as connection:
        return _look(connection, began)


def _look(connection: Connection, began: float) -> Health:
    from sqlalchemy import select, text

    connected = time.perf_counter()
    dialect = connection.dialect.name
    if dialect in _VERSION:
        version = str(connection.scalar(text(_VERSION[dialect])))
    else:
        version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    if dialect == SQLITE:
        connection.scalar(text("PRAGMA schema_version"))  # the first that reads the file
    asked = time.perf_counter()
    connection.scalar(select(1))
    latency = time.perf_counter() - asked
    server = "MariaDB" if "mariadb" in version.lower() else _SERVERS.get(dialect, dialect)
    return Health(server, version.partition(" ")[0].partition("-")[0], connected - began, latency)


def _reason(error: BaseException) -> str:
    """What the driver says, without what SQLAlchemy and Python put around it, and with what it does not say itself."""
    origin = getattr(error, "orig", None) or error
    text, cause = _text(origin), _text(origin.__cause__) if origin.__cause__ else ""
    if cause and cause in text:
        text = cause
    elif cause:
        text = f"{text}: {cause}"
    return text or type(origin).__name__


def _text(error: BaseException) -> str:
    texts = [one for one in error.args if isinstance(one, str)] or [str(error)]
    return " ".join(" ".join(texts).split())


def _not_reached(resolved: Resolved, reason: str, hint: str = "") -> NotReached:
    reason = scrubbed(reason, secrets_of(resolved.url))
    return NotReached(f"cannot connect to {masked(resolved.url)} ({resolved.name}): {reason}", hint=hint)
