"""Importing in the template what libraries import only at their first use, so that workers share that, too.

Each entry is a module that the app has imported, and what it then imports later by itself in every worker: 10 to 15 MB
over four workers of a FastAPI and SQLAlchemy app. What is not installed is passed over; nothing is called.
"""

import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

LATER = {
    "anyio": ("anyio._backends._asyncio",),
    "fastapi": ("fastapi.telemetry._runtime",),
    "sqlalchemy": ("sqlalchemy.dialects.sqlite", "sqlite3"),
    "jinja2": ("jinja2.debug", "jinja2.ext"),
    "django": ("django.core.handlers.wsgi", "django.core.handlers.asgi"),
}
DRIVERS = {
    "psycopg": "sqlalchemy.dialects.postgresql",
    "psycopg2": "sqlalchemy.dialects.postgresql",
    "asyncpg": "sqlalchemy.dialects.postgresql",
    "pymysql": "sqlalchemy.dialects.mysql",
    "MySQLdb": "sqlalchemy.dialects.mysql",
    "aiomysql": "sqlalchemy.dialects.mysql",
}
"""With SQLAlchemy: a driver that is installed, and the dialect that goes with it."""


def import_what_comes_later() -> None:
    """Import it now. A module that cannot be imported here would fail, or not be needed, in the worker as well."""
    names = [name for library, later in LATER.items() if library in sys.modules for name in later]
    if "sqlalchemy" in sys.modules:
        names += [name for driver, dialect in DRIVERS.items() if find_spec(driver) for name in (driver, dialect)]
    for name in dict.fromkeys(names):
        with suppress(ImportError):
            import_module(name)
