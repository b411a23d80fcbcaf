"""The drivers we know: what each can do, which package brings it, and what it calls its options."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from mainstay.settings.database.problems import MissingPackage, WrongDriver

SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver under its name in SQLAlchemy's URLs."""

    name: str
    module: str
    install: str
    """What pip installs."""
    sync: bool
    asynchronous: bool
    connect_timeout: str
    """Its argument for that, in seconds; empty when connecting takes no time."""


_POSTGRESQL = (
    Driver("psycopg", "psycopg", "psycopg[binary]", True, True, "connect_timeout"),
    Driver("asyncpg", "asyncpg", "asyncpg", False, True, "timeout"),
    Driver("psycopg2", "psycopg2", "psycopg2-binary", True, False, "connect_timeout"),
)
_MYSQL = (
    Driver("pymysql", "pymysql", "pymysql", True, False, "connect_timeout"),
    Driver("asyncmy", "asyncmy", "asyncmy", False, True, "connect_timeout"),
    Driver("aiomysql", "aiomysql", "aiomysql", False, True, "connect_timeout"),
    Driver("mysqldb", "MySQLdb", "mysqlclient", True, False, "connect_timeout"),
)
_SQLITE = (
    Driver("pysqlite", "sqlite3", "", True, False, ""),
    Driver("aiosqlite", "aiosqlite", "aiosqlite", False, True, ""),
)
DRIVERS = {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "mariadb": _MYSQL, SQLITE: _SQLITE}
"""By dialect; the first installed one is taken, for asynchronous use asyncpg before psycopg."""

_DIALECTS = {"postgres": "postgresql", "sqlite3": SQLITE}
"""How others call them."""


def dialect_of(name: str) -> str:
    """The dialect of a driver's name: `postgresql` for `postgresql+psycopg` and for `postgres`."""
    dialect = name.partition("+")[0]
    return _DIALECTS.get(dialect, dialect)


def usual_name(name: str) -> str:
    """A driver's name as SQLAlchemy has it: `postgresql+asyncpg` for `postgres+asyncpg`."""
    dialect, _, driver = name.partition("+")
    return f"{dialect_of(dialect)}+{driver}" if driver else dialect_of(dialect)


def choose(name: str, *, asynchronous: bool) -> tuple[str, Driver | None]:
    """The full name to use, `postgresql+psycopg`, and what we know of that driver (None: it is not ours).

    Raises WrongDriver when the one that is named cannot do it, MissingPackage when it, or each that could, is missing.
    """
    dialect, _, wanted = name.partition("+")
    dialect = dialect_of(dialect)
    known = DRIVERS.get(dialect, ())
    if wanted:
        driver = next((one for one in known if one.name == wanted), None)
        if driver is not None:
            _check(dialect, driver, asynchronous=asynchronous)
        return f"{dialect}+{wanted}", driver
    able = [one for one in known if _can(one, asynchronous=asynchronous)]
    if asynchronous:
        able.sort(key=lambda one: one.sync)  # those that were made for it first
    for driver in able:
        if is_installed(driver):
            return f"{dialect}+{driver.name}", driver
    if able:
        kind = "asynchronous driver" if asynchronous else "driver"
        others = f" (or {', '.join(one.name for one in able[1:])})" if able[1:] else ""
        raise MissingPackage(f"no {kind} for {dialect}: {able[0].name}{others}", able[0].install)
    return dialect, None


def is_installed(driver: Driver) -> bool:
    """Whether its package can be imported here."""
    return find_spec(driver.module) is not None


def needs_asyncio(name: str) -> bool:
    """Whether there is no way but `async_engine()`: the driver can do no other, or there is no other here."""
    dialect, _, wanted = name.partition("+")
    known = DRIVERS.get(dialect_of(dialect), ())
    if wanted:
        return any(one.name == wanted and not one.sync for one in known)
    able = [one for one in known if is_installed(one)]
    return bool(able) and not any(one.sync for one in able)


def _check(dialect: str, driver: Driver, *, asynchronous: bool) -> None:
    if not _can(driver, asynchronous=asynchronous):
        call, other = ("async_engine", "engine") if asynchronous else ("engine", "async_engine")
        raise WrongDriver(
            f"{call}() cannot use the driver {driver.name}",
            hint=f"use {other}(), or leave it out of the driver's name: {dialect}",
        )
    if not is_installed(driver):
        raise MissingPackage(f"the driver {driver.name}", driver.install)


def _can(driver: Driver, *, asynchronous: bool) -> bool:
    return driver.asynchronous if asynchronous else driver.sync
