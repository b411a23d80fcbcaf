"""Frozen dataclasses to JSON data and back, strictly: for the protocol between CLI and daemon and for the state file.

A union of dataclasses is written with the class's name under `"type"`. Field types are read from the classes, so a
module that defines such classes must not postpone its annotations.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from types import GenericAlias, NoneType, UnionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class CodecError(ValueError):
    """The data does not have the shape of the type; says where."""


def dump(value: object) -> Json:
    """The JSON data for a value made of dataclasses, enums, tuples, dicts and plain values."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Enum):
        return dump(value.value)
    if isinstance(value, tuple | list | frozenset):
        return [dump(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    if is_dataclass(value):
        return {"type": type(value).__name__} | {f.name: dump(getattr(value, f.name)) for f in fields(value)}
    raise CodecError(f"no JSON for {type(value).__name__}")


_PLAIN = (str, int, float, bool, NoneType)
_usual: dict[type, tuple[tuple[str, object], ...]] = {}
"""For each class its fields and what they have where nothing was given; `MISSING` where something must be."""


def brief(value: object) -> Json:
    """As `dump`, without the fields that have their default: for what is written often, and read by `load` alone."""
    kind = type(value)
    if kind in _PLAIN:
        return value  # type: ignore[return-value]  # one of the plain types
    if kind is tuple:
        return [brief(item) for item in value]  # type: ignore[attr-defined]  # a tuple
    usual = _usual.get(kind)
    if usual is None:
        if not is_dataclass(value):
            return {str(k): brief(v) for k, v in value.items()} if kind is dict else dump(value)  # type: ignore[attr-defined]
        usual = _usual[kind] = tuple((f.name, _default(f)) for f in fields(value))
    found: dict[str, Json] = {"type": kind.__name__}
    for name, default in usual:
        item = getattr(value, name)
        if item is not default and item != default:
            found[name] = brief(item)
    return found


def _default(of: "Field[object]") -> object:  # text: the stand-in of the daemon is no generic
    factory = of.default_factory
    return of.default if factory is MISSING else factory()


def load(kind: "type[T]", data: object, where: str = "") -> "T":
    """The value of type `kind` (a dataclass, enum, tuple[...], dict[...], union or plain type) that `data` stands for.

    Raises CodecError with the path to what is wrong.
    """
    value: T = _load(kind, data, where)  # type: ignore[assignment]  # the checks in _load are what makes it a T
    return value


def _load(kind: object, data: object, where: str) -> object:
    if isinstance(kind, UnionType):
        return _load_union(kind, data, where)
    if isinstance(kind, GenericAlias):
        return _load_generic(kind, data, where)
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return _load_enum(kind, data, where)
        if is_dataclass(kind):
            return _load_dataclass(kind, data, where)
        if kind is float and isinstance(data, int) and not isinstance(data, bool):
            return float(data)
        if isinstance(data, kind) and (kind is bool or not isinstance(data, bool)):
            return data
        raise CodecError(f"{where or 'value'}: not a {kind.__name__}: {data!r:.80}")
    raise CodecError(f"{where}: no reader for {kind!r}")


def _load_enum(kind: type[Enum], data: object, where: str) -> Enum:
    try:
        return kind(data)
    except ValueError:
        raise CodecError(f"{where}: not a {kind.__name__}: {data!r:.80}") from None


def _load_union(kind: UnionType, data: object, where: str) -> object:
    members: tuple[object, ...] = kind.__args__
    if data is None and NoneType in members:
        return None
    if isinstance(data, Mapping):
        for member in members:
            if isinstance(member, type) and member.__name__ == data.get("type"):
                return _load(member, data, where)
    plain = [m for m in members if m is not NoneType and not is_dataclass(m)]
    dataclasses = [m for m in members if is_dataclass(m)]
    for member in plain + (dataclasses if len(dataclasses) == 1 else []):
        try:
            return _load(member, data, where)
        except CodecError:
            continue
    raise CodecError(f"{where or 'value'}: none of the types it may have: {data!r:.80}")


def _load_generic(kind: GenericAlias, data: object, where: str) -> object:
    origin, arguments = kind.__origin__, kind.__args__
    if origin is dict and isinstance(data, Mapping):
        of_key, of_value = arguments
        key = int if of_key is int else str
        return {key(k): _load(of_value, v, f"{where}.{k}") for k, v in data.items()}
    if origin in (tuple, frozenset) and isinstance(data, list | tuple):
        if origin is tuple and arguments[-1] is not Ellipsis:
            if len(arguments) != len(data):
                raise CodecError(f"{where}: {len(arguments)} items expected, not {len(data)}")
            return tuple(_load(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(arguments, data, strict=True)))
        return origin(_load(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    raise CodecError(f"{where or 'value'}: not a {kind}: {data!r:.80}")


def _load_dataclass(kind: type, data: object, where: str) -> object:
    if not isinstance(data, Mapping):
        raise CodecError(f"{where or 'value'}: not a {kind.__name__}: {data!r:.80}")
    known: dict[str, Field[object]] = {f.name: f for f in fields(kind)}
    if data.get("type", kind.__name__) != kind.__name__:
        raise CodecError(f"{where or 'value'}: a {kind.__name__} was expected, not a {data['type']!r:.80}")
    unknown = [str(name) for name in data if name != "type" and name not in known]
    if unknown:
        raise CodecError(f"{where or kind.__name__}: no such field: {', '.join(unknown)}")
    values: dict[str, object] = {}
    for name, f in known.items():
        if name in data:
            values[name] = _load(f.type, data[name], f"{where}.{name}" if where else name)
        elif f.default is MISSING and f.default_factory is MISSING:
            raise CodecError(f"{where or kind.__name__}: {name} is missing")
    return kind(**values)
