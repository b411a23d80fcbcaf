"""SQLAlchemy engines of a section: what is shown, how connections are kept, and what a fork does to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstay.settings.database import connecting, forks, pool
from mainstay.settings.database.drivers import Driver, choose
from mainstay.settings.database.hiding import hide_values
from mainstay.settings.database.problems import DatabaseError, MissingPackage
from mainstay.settings.database.resolve import Resolved

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
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

    url, driver = _address(resolved, asynchronous=False)
    options = _options(resolved, url, driver, environ, more)
    try:
        engine = create_engine(options.pop("url"), **options)  # type: ignore[call-overload]  # the user's own
    except (ArgumentError, TypeError) as error:
        raise _refused(resolved, error) from None
    made: Engine = engine
    _prepare(made, resolved)
    return made


def make_async_engine(resolved: Resolved, environ: Mapping[str, str], **more: object) -> AsyncEngine:
    """The same for asyncio. In tests connections are not kept: each test may have an event loop of its own."""
    try:
        from sqlalchemy.ext.asyncio import create_async_engine
    except ImportError:  # greenlet
        raise MissingPackage("greenlet", "mainstay[sql]") from None
    from sqlalchemy.exc import ArgumentError, InvalidRequestError
    from sqlalchemy.pool import NullPool

    url, driver = _address(resolved, asynchronous=True)
    if resolved.name == "test" and not resolved.in_memory:
        more = {"poolclass": NullPool} | more
    options = _options(resolved, url, driver, environ, more)
    try:
        engine = create_async_engine(options.pop("url"), **options)  # type: ignore[arg-type]  # the user's own
    except (ArgumentError, InvalidRequestError, TypeError) as error:
        raise _refused(resolved, error) from None
    _prepare(engine.sync_engine, resolved)
    return engine


def _address(resolved: Resolved, *, asynchronous: bool) -> tuple[URL, Driver | None]:
    name, driver = choose(resolved.url.drivername, asynchronous=asynchronous)
    return resolved.url.set(drivername=name), driver


def _options(
    resolved: Resolved, url: URL, driver: Driver | None, environ: Mapping[str, str], more: Mapping[str, object]
) -> dict[str, object]:
    section, preset = resolved.section, preset_of(resolved.name)
    url, given = connecting.arguments(url, driver, section.connect_timeout)
    options: dict[str, object] = {
        "url": url,
        "echo": preset.echo if section.echo is None else section.echo,
        "hide_parameters": preset.hide_parameters,
        "pool_pre_ping": True,
        "pool_recycle": RECYCLE,
    }
    wanted = {**section.options, **more}
    if not resolved.in_memory and not set(wanted) & set(_OWN_POOL):
        size = resolved.pool_size or pool.size_for(resolved.max_connections, environ)
        options |= {"pool_size": size, "max_overflow": 0}
    options |= wanted
    own = wanted.get("connect_args")
    options["connect_args"] = given | (dict(own) if isinstance(own, Mapping) else {})
    return options


def _prepare(engine: Engine, resolved: Resolved) -> None:
    if engine.hide_parameters:
        hide_values(engine)
    if not resolved.in_memory:  # one in memory is the child's own copy, and a new pool would lose it
        forks.watch(engine)


def _refused(resolved: Resolved, error: Exception) -> DatabaseError:
    """SQLAlchemy's own words name a dialect or an argument, not the URL; they are cut to one line all the same."""
    from mainstay.settings.database.addresses import scrubbed
    from mainstay.settings.database.resolve import secrets_of

    text = scrubbed(str(error).partition("\n")[0], secrets_of(resolved.url))
    return DatabaseError(f"cannot use the database section {resolved.name}: {text}")
