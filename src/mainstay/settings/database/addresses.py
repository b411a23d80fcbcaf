"""Database URLs: read without saying what is in a bad one, and shown without passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from mainstay.settings.database.drivers import usual_name
from mainstay.settings.database.problems import MissingPackage
from mainstay.settings.database.section import SECRET_OPTIONS
from mainstay.settings.database.values import Unusable
from mainstay.settings.secret import MASK

if TYPE_CHECKING:
    from sqlalchemy import URL

_SHAPE = "DRIVER://USER:PASSWORD@HOST:PORT/DATABASE"
_SHORTEST = 3
"""A password of fewer characters is not looked for in messages: it would be found in every word."""


def sqlalchemy_url() -> type[URL]:
    """SQLAlchemy's URL class. Raises MissingPackage when it is not installed."""
    try:
        from sqlalchemy import URL
    except ImportError:
        raise MissingPackage("SQLAlchemy", "mainstay[sql]") from None
    return URL


def parsed(text: str) -> URL:
    """The parts of a URL, percent-decoded. Raises Unusable, with a text that follows "the url" and shows none of it.

    SQLAlchemy takes a password with an unescaped `@` for a part of the host, and so would show it; that is refused.
    """
    sqlalchemy_url()
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text.strip())
    except ArgumentError:
        raise Unusable(f"cannot be read: it is not of the form {_SHAPE}") from None
    except ValueError:
        raise Unusable("cannot be read: its port is no number") from None
    if "@" in (url.host or ""):
        raise Unusable("cannot be read: an @ in its password has to be written %40")
    if url.port is not None and not 1 <= url.port <= 65535:
        raise Unusable("cannot be used: its port is not from 1 to 65535")
    return url.set(drivername=usual_name(url.drivername))


def masked(url: URL) -> str:
    """The URL with `***` for its password, also for one among its options."""
    hidden = [name for name in url.query if name in SECRET_OPTIONS]
    shown = url.difference_update_query(hidden).render_as_string(hide_password=True)
    options = "&".join(f"{quote_plus(name)}={MASK}" for name in hidden)
    if not options:
        return shown
    return f"{shown}{'&' if '?' in shown else '?'}{options}"


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """A message of a driver without the secrets, as they are or as they are written in a URL."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), quote_plus(secret), quote(secret))}
    long_enough = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)
    if not long_enough:
        return text
    return re.sub("|".join(re.escape(form) for form in long_enough), MASK, text)
