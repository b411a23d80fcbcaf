"""From the text of a variable to a value of the type that was declared for it.

`cast_of(type)` gives the reader. What does not fit raises Unfit, which says what is expected and never what was found:
the value may be a secret.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import partial
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mainstay.settings import quantities
from mainstay.settings.secret import Secret
from mainstay.settings.url import Url

_WHOLE = re.compile(r"[+-]?[0-9]+")
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Unfit(ValueError):
    """The text is not of the type: `str(error)` is what is expected."""


@dataclass(frozen=True, slots=True)
class Parse:
    """How to read a type of your own: `Annotated[Colour, Parse(colour_of, "a colour like #00ff00")]`.

    `read` takes the text, and raises ValueError when it does not fit.
    """

    read: Callable[[str], object]
    expected: str


ByteSize = Annotated[int, Parse(quantities.bytes_of, f"a size like {quantities.SIZE_LIKE}")]
"""An int, written as `20MiB`."""


@dataclass(frozen=True, slots=True)
class Cast:
    """A reader of one type. `secret`: its values may hold secrets, so no error shows them."""

    expected: str
    of_text: Callable[[str], object]
    of_json: Callable[[object], object]
    secret: bool = False


def cast_of(kind: object) -> Cast:
    """The reader for a type. Raises TypeError when nobody knows how such a value is written."""
    if kind in _SCALARS:
        expected, read = _SCALARS[kind]
        return _scalar(expected, read, secret=kind in (Secret, Url))
    if kind in (Any, object):
        return Cast("JSON", _scalar("JSON", _json).of_text, lambda value: value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        names = ", ".join(f"{member.value}" for member in kind)
        return _scalar(f"one of {names}", partial(_member, kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        own = next((part for part in arguments[1:] if isinstance(part, Parse)), None)
        return _scalar(own.expected, own.read) if own else cast_of(arguments[0])
    if origin is Literal:
        options = {str(option).lower() if isinstance(option, bool) else str(option): option for option in arguments}
        return _scalar(f"one of {', '.join(options)}", partial(_option, options))
    if origin in (Union, UnionType):
        return _either(tuple(cast_of(part) for part in arguments if part is not NoneType), NoneType in arguments)
    if (origin or kind) in _COLLECTIONS:
        return _collection((origin or kind), arguments)
    if (origin or kind) in (dict, Mapping):
        return _mapping((origin or kind), arguments or (str, str))
    raise TypeError(f"no way to read a {getattr(kind, '__name__', kind)} from a text; declare one with Parse")


def _scalar(expected: str, read: Callable[[str], object], secret: bool = False) -> Cast:
    def of_text(text: str) -> object:
        try:
            return read(text)
        except Unfit:
            raise
        except (ValueError, ArithmeticError, RecursionError):
            raise Unfit(expected) from None  # its message may hold the value

    def of_json(value: object) -> object:
        if isinstance(value, str):
            return of_text(value)
        if isinstance(value, bool | int | float):
            return of_text(json.dumps(value))
        raise Unfit(expected)

    return Cast(expected, of_text, of_json, secret)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if "_" in text or not math.isfinite(number):
        raise ValueError
    return number


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError from None
    if not number.is_finite():
        raise ValueError
    return number


def _truth(text: str) -> bool:
    if text.strip().lower() not in _TRUTH:
        raise ValueError
    return _TRUTH[text.strip().lower()]


def _duration(text: str) -> timedelta:
    return timedelta(seconds=quantities.seconds_of(text))


def _path(text: str) -> Path:
    if not text:
        raise ValueError
    return Path(text)


def _secret(text: str) -> Secret:
    if not text:
        raise ValueError
    return Secret(text)


def _member(kind: type[Enum], text: str) -> Enum:
    for member in kind:
        if text in (str(member.value), member.name):
            return member
    raise ValueError


def _option(options: Mapping[str, object], text: str) -> object:
    if text not in options:
        raise ValueError
    return options[text]


def _json(text: str) -> object:
    value: object = json.loads(text)
    return value


_SCALARS: dict[object, tuple[str, Callable[[str], object]]] = {
    str: ("a text", lambda text: text),
    int: ("a whole number", _whole),
    float: ("a number", _number),
    bool: ("true or false (or yes, no, on, off, 1, 0)", _truth),
    Decimal: ("a number", _decimal),
    Path: ("a path", _path),
    Secret: ("a secret that is not empty", _secret),
    Url: ('a URL like "https://example.com/path"', Url.of),
    timedelta: (f"a time like {quantities.TIME_LIKE}", _duration),
}
_COLLECTIONS: dict[object, Callable[[Iterable[object]], object]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    Sequence: tuple,
    AbstractSet: frozenset,
}


def _either(casts: tuple[Cast, ...], optional: bool) -> Cast:
    """The first that fits; an empty text is None where that is allowed."""
    expected = " or ".join(cast.expected for cast in casts)

    def first(read: Callable[[Cast], object]) -> object:
        for cast in casts:
            try:
                return read(cast)
            except Unfit:
                continue
        raise Unfit(expected)

    def of_text(text: str) -> object:
        return None if optional and not text.strip() else first(lambda cast: cast.of_text(text))

    def of_json(value: object) -> object:
        return None if optional and value is None else first(lambda cast: cast.of_json(value))

    return Cast(expected, of_text, of_json, any(cast.secret for cast in casts))


def _collection(kind: object, arguments: tuple[object, ...]) -> Cast:
    """Parts with commas between them, or a JSON array."""
    if kind is tuple and (len(arguments) != 2 or arguments[1] is not Ellipsis) and arguments:
        raise TypeError("a tuple has to be declared as tuple[TYPE, ...]")
    part = cast_of(arguments[0] if arguments else str)
    make = _COLLECTIONS[kind]
    expected = f"a list with commas between its parts, or a JSON array; each part is {part.expected}"

    def of_json(value: object) -> object:
        if not isinstance(value, list):
            raise Unfit(expected)
        return _made(lambda: make(part.of_json(one) for one in value), expected)

    def of_text(text: str) -> object:
        if text.lstrip().startswith("["):
            return of_json(_made(lambda: _json(text), expected))
        parts = [one.strip() for one in text.split(",")]
        return _made(lambda: make(part.of_text(one) for one in parts if one), expected)

    return Cast(expected, of_text, of_json, part.secret)


def _mapping(kind: object, arguments: tuple[object, ...]) -> Cast:
    """`name=value` pairs with commas between them, or a JSON object."""
    key, value = cast_of(arguments[0]), cast_of(arguments[1])
    expected = f"name=value pairs with commas between them, or a JSON object; each value is {value.expected}"

    def made(pairs: Iterable[tuple[object, object]]) -> object:
        return dict(pairs) if kind is dict else MappingProxyType(dict(pairs))

    def of_json(found: object) -> object:
        if not isinstance(found, dict):
            raise Unfit(expected)
        return _made(lambda: made((key.of_text(str(k)), value.of_json(v)) for k, v in found.items()), expected)

    def of_text(text: str) -> object:
        if text.lstrip().startswith("{"):
            return of_json(_made(lambda: _json(text), expected))
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        if not all(equals for _, equals, _ in pairs):
            raise Unfit(expected)
        return _made(lambda: made((key.of_text(k.strip()), value.of_text(v.strip())) for k, _, v in pairs), expected)

    return Cast(expected, of_text, of_json, key.secret or value.secret)


def _made(make: Callable[[], object], expected: str) -> object:
    """What `make` makes. Of a part that does not fit the whole is told, as it is the whole that was written."""
    try:
        return make()
    except (ValueError, RecursionError):
        raise Unfit(expected) from None
