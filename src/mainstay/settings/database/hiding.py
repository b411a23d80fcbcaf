"""Bound values stay out of error messages, also out of what the database itself says of them.

SQLAlchemy's `hide_parameters` leaves the values out of the part of a message that it writes. The driver's part goes on
showing them: `Key (email)=(ann@example.com) already exists`, `Duplicate entry 'ann@example.com' for key 'email'`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mainstay.settings.secret import MASK

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import ExceptionContext

_DETAIL = re.compile(r"(?m)^(DETAIL|CONTEXT|HINT|QUERY|LINE \d+): .*(\n[ \t].*)*\n?")
"""What PostgreSQL says beside its message; all of it may quote data."""
_QUOTED = re.compile(r"""(["'])(.*?)\1""", re.DOTALL)
_MYSQL = re.compile(r"(entry|value:?) '.*' for ", re.DOTALL)
"""Where MySQL quotes data, cut after some characters, so that the value itself would not be found."""
_LONGEST = 200
"""So many values are looked for outside quotes as well: a batch of inserts can have a million."""


def hide_values(engine: Engine) -> None:
    """Have the messages of all errors that come out of this engine hide the values of the statement."""
    from sqlalchemy import event

    event.listen(engine, "handle_error", _hide)


def _hide(context: ExceptionContext) -> None:
    cleaner = _Cleaner(_texts(context.parameters))
    error: BaseException | None = context.original_exception
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        cleaner.clean(error)
        error = error.__cause__
    if context.sqlalchemy_exception is not None:
        cleaner.clean(context.sqlalchemy_exception)


class _Cleaner:
    """Takes texts out of the messages of exceptions."""

    def __init__(self, values: Iterable[str]) -> None:
        self._known = {value for value in values if value}
        longest_first = sorted(self._known, key=len, reverse=True)[:_LONGEST]
        words = "|".join(re.escape(value) for value in longest_first)
        # A value inside a word is left alone: 1 or "a" would be found everywhere.
        self._values = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None

    def clean(self, error: BaseException) -> None:
        error.args = tuple(self._text(one) if isinstance(one, str) else one for one in error.args)
        if isinstance(getattr(error, "detail", None), str):  # asyncpg puts it into the message each time it is shown
            error.detail = None  # type: ignore[attr-defined]

    def _text(self, text: str) -> str:
        text = _MYSQL.sub(rf"\1 '{MASK}' for ", _DETAIL.sub("", text).rstrip("\n"))
        text = _QUOTED.sub(self._quoted, text)
        return self._values.sub(MASK, text) if self._values else text

    def _quoted(self, found: re.Match[str]) -> str:
        return f"{found[1]}{MASK}{found[1]}" if found[2] in self._known else found[0]


def _texts(parameters: object) -> Iterator[str]:
    """Every value of one statement, or of many at once, as a message would show it."""
    match parameters:
        case None | bool():
            return
        case str():
            yield parameters
        case bytes():
            yield parameters.decode(errors="replace")
        case Mapping():
            for value in parameters.values():
                yield from _texts(value)
        case list() | tuple():
            for value in parameters:
                yield from _texts(value)
        case _:
            yield str(parameters)
