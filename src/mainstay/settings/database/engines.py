"""SQLAlchemy engines of a section: what is shown, how connections are kept, and what a fork does to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mainstay.settings.database import connecting, forks, pool
from mainstay.settings.database.addresses import scrubbed
from mainstay.settings.database.drivers import choose
from mainstay.settings.database.hiding import hide_values
from mainstay.settings.database.problems import DatabaseError, MissingPackage
from mainstay.settings.database.resolve import Resolved, secrets_of

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

RECYCLE = 1800
"""Seconds after which a connection is not used again: firewalls and proxies forget idle ones without a word."""
_OWN_POOL = ("poolclass", "pool", "creator", "async_creator")
"""Options with which the app brings a pool or connections of its own, that ours would not fit."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What an environment shows."""

    echo: bool
    hide_parameters: bool


def preset_of(section: str) -> Preset:
    """Development shows all, tests are quiet; every other name is treated as production: nothing is shown."""
    match section:
        case "development":
            return Preset(echo=True, hide_parameters=False)
        case "test":
            return Preset(echo=False, hide_parameters=False)
        case _:
            return Preset(echo=False, hide_parameters=True)


def make_engine(resolved: Resolved, environ: Mapping[str, str], **more: object) -> Engine:
    """A synchronous engine; `more` are arguments of `create_engine`, which win. It connects when it is used.

    Raises MissingPackage, WrongDriver, and DatabaseError for what SQLAlchemy does not take.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError

    options = _options(resolved, environ, more, asynchronous=False)
    try:
        engine = create_engine(options.pop("url"), **options)  # type: ignore[call-overload]  # the user's own
    except (ArgumentError, TypeError) as error:
        raise _refused(resolved, error) from None
    made: Engine = engine
    _prepare(made, resolved)
    return made


def make_async_engine(resolved: Resolved, environ: Mapping[str, str], **more: object) -> AsyncEngine:
    """The same for asyncio. In tests connections are not kept: each test may have an event loop of its own."""
    from sqlalchemy.exc import ArgumentError, InvalidRequestError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

    if find_spec("greenlet") is None:  # SQLAlchemy would say so at the first connection
        raise MissingPackage("greenlet, which SQLAlchemy needs for asyncio,", "mainstay[sql]")
    if resolved.name == "test" and not resolved.in_memory and not _brings_pool(resolved, more):
        more = {"poolclass": NullPool, **more}
    options = _options(resolved, environ, more, asynchronous=True)
    if "pool_size" in options:
        # For a file of SQLite, versions before 2.0.38 would take a NullPool, which has no size.
        options["poolclass"] = AsyncAdaptedQueuePool
    try:
        engine = create_async_engine(options.pop("url"), **options)  # type: ignore[arg-type]  # the user's own
    except (ArgumentError, InvalidRequestError, TypeError) as error:
        raise _refused(resolved, error) from None
    _prepare(engine.sync_engine, resolved)
    return engine


def _options(
    resolved: Resolved, environ: Mapping[str, str], more: Mapping[str, object], *, asynchronous: bool
) -> dict[str, object]:
    """The arguments of `create_engine`, and under `url` the first one."""
    name, driver = choose(resolved.url.drivername, asynchronous=asynchronous)
    section, preset = resolved.section, preset_of(resolved.name)
    url, given = connecting.arguments(resolved.url.set(drivername=name), driver, section.connect_timeout)
    options: dict[str, object] = {
        "url": url,
        "echo": preset.echo if section.echo is None else section.echo,
        "hide_parameters": preset.hide_parameters,
        "pool_pre_ping": True,
        "pool_recycle": RECYCLE,
    }
    if not resolved.in_memory and not _brings_pool(resolved, more):
        size = resolved.pool_size or pool.size_for(resolved.max_connections, environ)
        options |= {"pool_size": size, "max_overflow": 0}
    wanted = {**section.options, **more}
    options |= wanted
    own = wanted.get("connect_args")
    options["connect_args"] = given | (dict(own) if isinstance(own, Mapping) else {})
    return options


def _brings_pool(resolved: Resolved, more: Mapping[str, object]) -> bool:
    return any(name in resolved.section.options or name in more for name in _OWN_POOL)


def _prepare(engine: Engine, resolved: Resolved) -> None:
    if engine.hide_parameters:
        hide_values(engine)
    if not resolved.in_memory:  # one in memory is the child's own copy, and a new pool would lose it
        forks.watch(engine)


def _refused(resolved: Resolved, error: Exception) -> DatabaseError:
    """SQLAlchemy's own words name a dialect or an argument, not the URL; they are cut to one line all the same."""
    text = scrubbed(str(error).partition("\n")[0], secrets_of(resolved.url))
    return DatabaseError(f"cannot use the database section {resolved.name}: {text}")
