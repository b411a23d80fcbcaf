"""One section: where a database is and how it is used, as it stands in the user's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from mainstay.settings.database.values import Variable
from mainstay.settings.secret import MASK, Secret
from mainstay.settings.url import Url

Text = str | Variable[str]
Hidden = str | Secret | Variable[str | Secret]
Number = int | Variable[int]

SECRET_OPTIONS = frozenset(("password", "passwd", "sslpassword", "ssl_key_password", "access_token", "token"))
"""Options in a URL's query that are shown as `***`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database. Either `url`, or its parts: `driver` and what it needs of host, port, user, password, database.

    The driver is SQLAlchemy's name, `postgresql+psycopg`. Without the second half (`postgresql`, `mysql`, `mariadb`,
    `sqlite`) it is the first installed one that can do what is asked for, so that `engine()` and `async_engine()` take
    the same section. The values are used as they are: nothing in them has to be escaped.
    """

    url: Hidden | Url = field(default="", kw_only=False)
    driver: Text = ""
    host: Text = ""
    port: Number | None = None
    user: Text = ""
    password: Hidden = ""
    database: Text = ""
    """Its name; for SQLite the path of its file, `~` allowed, and empty for one in memory."""
    query: Mapping[str, Text] = field(default_factory=dict)
    """Options of the driver, such as `sslmode`; with `url`, besides those that it has."""
    connect_timeout: float = 10.0
    """Seconds."""
    max_connections: Number = 80
    """What all workers of the app together may have open; each takes its share of it."""
    pool_size: Number | None = None
    """Connections of one process, instead of its share."""
    echo: bool | None = None
    """Whether SQL is logged; not told: in development alone."""
    options: Mapping[str, object] = field(default_factory=dict)
    """More arguments of SQLAlchemy's `create_engine`; they win."""

    def __repr__(self) -> str:
        """As it was declared, without what is secret; a URL is not shown at all, as it may hold anything."""
        shown = []
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name in ("url", "password") and value and not isinstance(value, Variable):
                value = Secret(MASK)
            if one.name == "query":
                value = {name: Secret(MASK) if name in SECRET_OPTIONS else text for name, text in value.items()}
            if one.name != "options" and value not in ("", None, {}):
                shown.append(f"{one.name}={value!r}")
        return f"Database({', '.join(shown)})"
