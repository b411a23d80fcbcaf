"""Alembic with the same database as the app. The whole of a project's `env.py`:

    from mainstay.settings.alembic import run_migrations
    from shop.database import databases
    from shop.models import Base

    run_migrations(Base.metadata, databases)

The `sqlalchemy.url` of alembic.ini is not read: no password has to stand there. APP_ENV says which section is meant.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mainstay.settings.database.drivers import needs_asyncio
from mainstay.settings.database.engines import make_async_engine, make_engine
from mainstay.settings.database.resolve import Resolved
from mainstay.settings.database.sections import Sections

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


def run_migrations(target_metadata: MetaData | Sequence[MetaData] | None, databases: Sections, **options: Any) -> None:
    """Run what Alembic was asked for, online or (`--sql`) offline; to be called in `env.py`, once.

    `options` go to Alembic's `context.configure`, whose types they have. A connection under the attribute `connection`
    of Alembic's Config is used as it is: tests put theirs there. For a database whose one driver is asynchronous
    asyncio is used. Raises what `Sections.resolve` and `Sections.engine` raise.
    """
    import asyncio

    from alembic import context

    resolved = databases.resolve()
    # SQLite cannot change most of a table in place; Alembic makes it anew in "batch" mode.
    in_batches = resolved.url.get_backend_name() == "sqlite"
    options = {"target_metadata": target_metadata, "render_as_batch": in_batches} | options
    given = context.config.attributes.get("connection")
    if context.is_offline_mode():
        context.configure(url=resolved.url, literal_binds=True, dialect_opts={"paramstyle": "named"}, **options)
        with context.begin_transaction():
            context.run_migrations()
    elif given is not None:
        _migrate(given, options)
    elif needs_asyncio(resolved.url.drivername):
        asyncio.run(_online_async(resolved, options))
    else:
        _online(resolved, options)


def _migrate(connection: Connection, options: dict[str, Any]) -> None:
    from alembic import context

    context.configure(connection=connection, **options)
    with context.begin_transaction():
        context.run_migrations()


def _online(resolved: Resolved, options: dict[str, Any]) -> None:
    """On one connection, which is not kept: the process ends, or forks workers, when it is done."""
    from sqlalchemy.pool import NullPool

    engine = make_engine(resolved, os.environ, poolclass=NullPool, echo=False)
    with engine.connect() as connection:
        _migrate(connection, options)


async def _online_async(resolved: Resolved, options: dict[str, Any]) -> None:
    from sqlalchemy.pool import NullPool

    engine = make_async_engine(resolved, os.environ, poolclass=NullPool, echo=False)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, options)
