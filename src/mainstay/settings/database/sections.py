"""The sections of a file, and the engines of the one that is meant: made when first asked for, one for each process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mainstay.settings.database import addresses
from mainstay.settings.database.engines import make_async_engine, make_engine
from mainstay.settings.database.problems import NoSuchSection, WrongSection
from mainstay.settings.database.resolve import Resolved, resolve
from mainstay.settings.database.section import Database
from mainstay.settings.environment import VARIABLE, environment

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

Section = Database | Callable[[], Database]


class Sections:
    """A database for each environment: `Sections(development=..., test=..., production=...)`.

    A section is a `Database`, or a function that makes one and is called only when its environment is the one. APP_ENV
    says which that is; other names than the three are allowed. Nothing is read or checked before it is used.

    Variables are those of the process, unless a mapping is given: `Sections(load("/srv/shop"), development=...)` takes
    them from .env files.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, /, **sections: Section) -> None:
        if not sections:
            raise TypeError("Sections needs at least one section, such as development=Database(...)")
        self.environ = environ
        """Where variables are read from; None: the process's own."""
        self._sections = sections
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._async_engine: AsyncEngine | None = None

    def __repr__(self) -> str:
        return f"Sections({', '.join(self._sections)})"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sections, in their order."""
        return tuple(self._sections)

    def resolve(self, name: str | None = None, environ: Mapping[str, str] | None = None) -> Resolved:
        """A section with its variables read: that of the current environment, unless `name` says another one.

        Raises NoSuchSection, WrongSection with all its mistakes, UnknownEnvironment when APP_ENV is none of the three
        and no section is called so.
        """
        environ = self.environ if environ is None else environ
        environ = os.environ if environ is None else environ
        name = self._current(environ) if name is None else name
        section = self._sections.get(name)
        if section is None:
            raise NoSuchSection(name, self._sections)
        database = section if isinstance(section, Database) else section()
        if not isinstance(database, Database):
            raise WrongSection(name, [f"its function returned {type(database).__name__}, not a Database"])
        return resolve(name, database, environ)

    @property
    def url(self) -> URL:
        """Where the current environment's database is; `str(url)` has no password. Raises as `resolve`."""
        return self.resolve().url

    def masked_url(self) -> str:
        """The same as a text with `***` for what is secret, also among the options."""
        return addresses.masked(self.url)

    def engine(self) -> Engine:
        """The current environment's engine, always the same one in a process; it connects when it is used.

        It may be made before a fork: each child begins with no connection. Raises as `resolve`, MissingPackage when
        there is no driver, WrongDriver when that is for asyncio alone.
        """
        with self._lock:
            if self._engine is None:
                self._engine = make_engine(self.resolve(), os.environ)
            return self._engine

    def async_engine(self) -> AsyncEngine:
        """The same for asyncio."""
        with self._lock:
            if self._async_engine is None:
                self._async_engine = make_async_engine(self.resolve(), os.environ)
            return self._async_engine

    def _current(self, environ: Mapping[str, str]) -> str:
        said = environ.get(VARIABLE, "")
        return said if said in self._sections else environment(environ)
