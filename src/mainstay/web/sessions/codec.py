"""Session data as bytes and back, so that every value returns as what it was, or is refused by its key's name.

MessagePack through msgspec. What MessagePack has no word for (tuple, set, UUID, Decimal, date, naive datetime, ...) is
written as an extension of ours. An aware datetime comes back as the same instant in UTC.
"""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Data = dict[str, Any]  # what a user keeps in a session is theirs to type

EMPTY = b"\x80"
"""No data at all: an empty MessagePack map."""

_pack = msgspec.msgpack.Encoder().encode
_SCALARS = (str, int, float, bytes, bytearray, dt.datetime, type(None))
_KEYS = (str, int, float, bytes, type(None))


class Unencodable(ValueError):
    """A value in the session cannot be stored; the message names its key."""


def decode(packed: bytes) -> Data:
    """The data that `encode` wrote. Raises msgspec.DecodeError."""
    data: Data = _unpack(packed)
    return data


def _unpack(packed: bytes) -> Any:
    return _decoder.decode(packed)


def looks_like(data: Mapping[str, Any], packed: bytes) -> bool:
    """Whether `data`, with all that is nested in it, is still what `packed` holds; cheap, and never wrong with yes."""
    try:
        return _pack(data) == packed
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False


def encode(data: Data) -> bytes:
    """`data` as bytes. Raises Unencodable, naming the key whose value cannot be stored."""
    try:
        packed = _pack(data)
        if _unpack(packed) == data:
            return packed
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        pass  # the slow way finds out which value it is, or writes it as an extension
    return _pack({_key(key, key): _plain(value, key) for key, value in data.items()})


def _key(key: object, top: object) -> Any:
    if not isinstance(key, _KEYS):
        raise Unencodable(f"session[{top!r:.60}] has a key of the type {type(key).__name__}: use a str or an int")
    return str(key) if isinstance(key, str) else key


def _plain(value: object, top: object) -> Any:
    """`value` as msgspec writes it without loss; `top` is the session's key it is under."""
    try:
        return _plain_below(value, top)
    except RecursionError:
        raise Unencodable(f"session[{top!r:.60}] contains itself or is nested too deeply") from None


def _plain_below(value: object, top: object) -> Any:
    match value:
        case dict():
            return {_key(key, top): _plain_below(below, top) for key, below in value.items()}
        case list():
            return [_plain_below(below, top) for below in value]
        case dt.datetime() if value.tzinfo is None:
            return msgspec.msgpack.Ext(_NAIVE, value.isoformat().encode())
        case int() if not -(2**63) <= value < 2**64:
            raise Unencodable(f"session[{top!r:.60}] holds a number of more than 64 bits: store it as a str")
        case str():
            return _text(value, top)
        case _ if isinstance(value, _SCALARS):
            return value
    for code, kind, write, _ in _EXTENSIONS:
        if isinstance(value, kind):
            return msgspec.msgpack.Ext(code, write(value, top))
    raise Unencodable(
        f"session[{top!r:.60}] holds a {type(value).__name__}, which cannot be stored: "
        "put str, int, float, bool, None, bytes, dates, lists and dicts of these there"
    )


def _text(value: str, top: object) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unencodable(f"session[{top!r:.60}] holds text with half a surrogate pair, which is no UTF-8") from None
    return str(value)


def _members(value: Any, top: object) -> bytes:
    return _pack([_plain_below(below, top) for below in value])


def _sorted_members(value: Any, top: object) -> bytes:
    """A set has no order, but what did not change must be the same bytes again."""
    return _pack(sorted((_plain_below(below, top) for below in value), key=_pack))


def _printed(value: object, _: object) -> bytes:
    return str(value).encode()


def _dated(value: Any, _: object) -> bytes:
    text: str = value.isoformat()
    return text.encode()


def _spanned(value: dt.timedelta, _: object) -> bytes:
    return _pack([value.days, value.seconds, value.microseconds])


_Write = Callable[[Any, object], bytes]
_Read = Callable[[bytes], object]
_NAIVE = 7
_EXTENSIONS: tuple[tuple[int, type, _Write, _Read], ...] = (
    (1, tuple, _members, lambda raw: tuple(_unpack(raw))),
    (2, set, _sorted_members, lambda raw: set(_unpack(raw))),
    (3, frozenset, _sorted_members, lambda raw: frozenset(_unpack(raw))),
    (4, uuid.UUID, _printed, lambda raw: uuid.UUID(raw.decode())),
    (5, decimal.Decimal, _printed, lambda raw: decimal.Decimal(raw.decode())),
    (6, dt.date, _dated, lambda raw: dt.date.fromisoformat(raw.decode())),
    (_NAIVE, dt.datetime, _dated, lambda raw: dt.datetime.fromisoformat(raw.decode())),
    (8, dt.time, _dated, lambda raw: dt.time.fromisoformat(raw.decode())),
    (9, dt.timedelta, _spanned, lambda raw: dt.timedelta(*_unpack(raw))),
)
_READERS = {code: read for code, _, _, read in _EXTENSIONS}


def _extension(code: int, raw: memoryview) -> object:
    read = _READERS.get(code)
    if read is None:
        raise ValueError(f"there is no extension {code}")
    return read(bytes(raw))


_decoder = msgspec.msgpack.Decoder(ext_hook=_extension)
