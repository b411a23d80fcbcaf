"""The command line client of a database, as data: its program, arguments and variables. No password is an argument."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstay.settings.database.drivers import SQLITE, dialect_of
from mainstay.settings.database.problems import DatabaseError
from mainstay.settings.database.resolve import Resolved

if TYPE_CHECKING:
    from sqlalchemy import URL

_LIBPQ = {
    "application_name": "PGAPPNAME",
    "channel_binding": "PGCHANNELBINDING",
    "client_encoding": "PGCLIENTENCODING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "gssencmode": "PGGSSENCMODE",
    "host": "PGHOST",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "password": "PGPASSWORD",
    "port": "PGPORT",
    "require_auth": "PGREQUIREAUTH",
    "service": "PGSERVICE",
    "sslcert": "PGSSLCERT",
    "sslcrl": "PGSSLCRL",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "user": "PGUSER",
}
"""Options of a URL, and the variable in which libpq reads the same."""
_MYSQL = {
    "charset": "--default-character-set",
    "ssl_ca": "--ssl-ca",
    "ssl_capath": "--ssl-capath",
    "ssl_cert": "--ssl-cert",
    "ssl_cipher": "--ssl-cipher",
    "ssl_key": "--ssl-key",
    "unix_socket": "--socket",
}


@dataclass(frozen=True, slots=True)
class Client:
    """What to run."""

    programs: tuple[str, ...]
    """Of these the first that is installed."""
    arguments: tuple[str, ...]
    env: dict[str, str]
    """Besides the caller's own."""
    package: str
    """What brings it on Debian."""


def client_of(resolved: Resolved, folder: str) -> Client:
    """The client for a database; a relative path of SQLite starts in `folder`. Raises DatabaseError without one."""
    match dialect_of(resolved.url.drivername):
        case "postgresql":
            return Client(("psql",), (), _psql(resolved.url), "postgresql-client")
        case "mysql":
            return Client(("mysql", "mariadb"), *_mysql(resolved.url), "default-mysql-client")
        case "mariadb":
            return Client(("mariadb", "mysql"), *_mysql(resolved.url), "mariadb-client")
        case "sqlite" if resolved.in_memory:
            raise DatabaseError(f"the database of {resolved.name} is in the memory of the app: nobody else can open it")
        case "sqlite":
            path = os.path.join(folder, str(resolved.url.database))
            return Client((f"{SQLITE}3",), (path,), {}, "sqlite3")
        case other:
            raise DatabaseError(f"no command line client is known for {other}")


def _psql(url: URL) -> dict[str, str]:
    parts = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    env = {name: str(value) for name, value in parts.items() if value not in (None, "")}
    for name, value in url.query.items():
        if name in _LIBPQ:
            values = (value,) if isinstance(value, str) else value
            env[_LIBPQ[name]] = ",".join(values)
            if name == "host" and any(":" in one for one in values):  # host=a:5432&host=b:5433, as SQLAlchemy has it
                env["PGHOST"] = ",".join(one.rpartition(":")[0] or one for one in values)
                env["PGPORT"] = ",".join(one.rpartition(":")[2] if ":" in one else "5432" for one in values)
    return env


def _mysql(url: URL) -> tuple[tuple[str, ...], dict[str, str]]:
    # Without the caller's option files: a password that stands there would be taken instead of this one.
    arguments = ["--no-defaults"]
    parts = {"--host": url.host, "--port": url.port, "--user": url.username}
    arguments += [f"{option}={value}" for option, value in parts.items() if value not in (None, "")]
    arguments += [f"{_MYSQL[name]}={value}" for name, value in url.query.items() if name in _MYSQL]
    if url.host and "unix_socket" not in url.query:
        arguments.append("--protocol=tcp")  # as the drivers do; the client takes `localhost` for a socket
    if url.database:
        arguments.append(url.database)
    return tuple(arguments), {"MYSQL_PWD": str(url.password)} if url.password else {}
