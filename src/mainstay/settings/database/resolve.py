"""From a section as declared to what an engine is made of: every variable read, all mistakes told at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mainstay.settings.database.addresses import parsed, sqlalchemy_url
from mainstay.settings.database.drivers import SQLITE, dialect_of, usual_name
from mainstay.settings.database.problems import WrongSection
from mainstay.settings.database.section import SECRET_OPTIONS, Database, Hidden, Number
from mainstay.settings.database.values import Unusable, Variable
from mainstay.settings.secret import Secret
from mainstay.settings.url import Url

if TYPE_CHECKING:
    from sqlalchemy import URL

T = TypeVar("T")
MEMORY = ":memory:"
_PARTS = ("driver", "host", "port", "user", "password", "database")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A section whose variables are read."""

    name: str
    """The section's."""
    url: URL
    """With the driver's name as it was declared."""
    section: Database
    max_connections: int
    pool_size: int | None

    @property
    def in_memory(self) -> bool:
        """Whether it is a SQLite database that lives in this process alone."""
        return dialect_of(self.url.drivername) == SQLITE and self.url.database in (None, "", MEMORY)


def resolve(name: str, section: Database, environ: Mapping[str, str]) -> Resolved:
    """Read the variables of the section `name`. Raises WrongSection with all that is missing or wrong in it."""
    reading = _Reading(environ)
    url = reading.url(section)
    most = reading.number("max_connections", section.max_connections, 1, 1_000_000)
    size = reading.number("pool_size", section.pool_size, 1, 100_000)
    if section.connect_timeout <= 0:
        reading.problems.append("connect_timeout must be more than 0 seconds")
    if reading.problems or url is None:
        raise WrongSection(name, reading.problems)
    return Resolved(name, url, section, most or 1, size)


class _Reading:
    """Reads values and gathers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def url(self, section: Database) -> URL | None:
        query = {name: text for name, value in section.query.items() if (text := self.text(value))}
        if not section.url:
            return self._from_parts(section, query)
        both = [part for part in _PARTS if getattr(section, part) not in ("", None)]
        if both:
            self.problems.append(f"it has a url and {', '.join(both)}; one of the two says where the database is")
        text = self.text(section.url)
        if not text:
            return None
        try:
            url = parsed(text)
        except Unusable as error:
            origin = f" in {section.url.name}" if isinstance(section.url, Variable) else ""
            self.problems.append(f"the url{origin} {error}")
            return None
        return _with_path(url.update_query_dict(query))

    def _from_parts(self, section: Database, query: Mapping[str, str]) -> URL | None:
        driver, host, user = self.text(section.driver), self.text(section.host), self.text(section.user)
        password, database = self.text(section.password), self.text(section.database)
        port = self.number("port", section.port, 1, 65535)
        if not section.driver:
            self.problems.append("it has neither a url nor a driver, such as postgresql or sqlite")
        elif driver and dialect_of(driver) != SQLITE and not section.database:
            self.problems.append("database, the name of the database, is missing")
        if self.problems:
            return None
        url = sqlalchemy_url().create(
            usual_name(driver),
            username=user or None,
            password=password or None,
            host=host or None,
            port=port,
            database=database or None,
            query=query,
        )
        return _with_path(url)

    def text(self, value: Hidden | Url) -> str:
        """The value; empty when it cannot be had, which is in `problems` then."""
        read = self._read(value) if isinstance(value, Variable) else value
        return read.reveal() if isinstance(read, Secret | Url) else read or ""

    def number(self, what: str, value: Number | None, least: int, most: int) -> int | None:
        """The value, within its bounds."""
        number = self._read(value) if isinstance(value, Variable) else value
        if number is not None and not least <= number <= most:
            where = f" ({value.name})" if isinstance(value, Variable) else ""
            self.problems.append(f"{what}{where} must be from {least} to {most}")
            return None
        return number

    def _read(self, value: Variable[T]) -> T | None:
        try:
            return value.read(self._environ)
        except Unusable as error:
            self.problems.append(str(error))
            return None


def _with_path(url: URL) -> URL:
    """For SQLite: `~` is somebody's home."""
    if dialect_of(url.drivername) == SQLITE and url.database and url.database.startswith("~"):
        return url.set(database=os.path.expanduser(url.database))
    return url


def secrets_of(url: URL) -> Sequence[str]:
    """The texts in a URL that nobody may see."""
    found = [str(url.password)] if url.password else []
    for name, value in url.query.items():
        if name in SECRET_OPTIONS:
            found += [value] if isinstance(value, str) else value
    return found
