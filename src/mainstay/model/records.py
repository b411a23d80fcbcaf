"""Stands in for `dataclasses`, with which each of our hundred frozen classes would cost 10 to 20 KB and 0.3 ms.

The real one compiles up to twelve functions for each class; here all classes share theirs, and only the places of the
fields differ. It takes classes of ours that are made with `slots=True`; for everything else there is the real one.
"""

from __future__ import annotations

import sys
from _operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    Setter = Callable[[object, object], None]
    Values = Callable[[object], tuple[object, ...]]

OURS = "mainstay."
MISSING = object()
"""What stands where a field has no default."""

_real: list[ModuleType] = []


class FrozenInstanceError(AttributeError):
    """A field of something frozen was to be changed."""


class Field:
    """A field as `fields` shows it, and as `field` declares it."""

    __slots__ = ("default", "default_factory", "name", "options", "type")

    def __init__(self, options: Mapping[str, object], name: str = "", kind: object = None) -> None:
        self.name = name
        self.type = kind
        self.options = options
        self.default = options.get("default", MISSING)
        self.default_factory = options.get("default_factory", MISSING)

    def made(self) -> object:
        """A default that is made anew for each object."""
        assert callable(self.default_factory)
        return self.default_factory()

    def real(self) -> object:
        """The same, declared with the real `dataclasses`."""
        return real().field(**self.options)


class Record:
    """What the shared functions know of every class made here; none has it as a base."""

    __slots__ = ()
    if TYPE_CHECKING:
        __match_args__: tuple[str, ...]
        __rows__: tuple[tuple[str, Setter, object], ...]
        """Of each field its name, how it is set and its default."""
        __setters__: tuple[Setter, ...]
        __values__: Values
        """The values of all fields of an object."""


def _init(self: Record, *values: object, **named: object) -> None:
    given = 0
    for put, value in zip(self.__setters__, values):  # noqa: B905  # quicker without; what is left over is seen below
        put(self, value)
        given += 1
    for name, put, default in self.__rows__[given:]:
        if name in named:
            put(self, named.pop(name))
        elif default is MISSING:
            raise TypeError(f"{_title(self)} missing a required argument: {name!r}")
        else:
            put(self, default.made() if type(default) is Field else default)
    if named or given != len(values):
        raise _superfluous(self, len(values), named)


def _title(self: Record) -> str:
    return f"{self.__class__.__qualname__}.__init__()"


def _superfluous(self: Record, given: int, named: dict[str, object]) -> TypeError:
    fields = len(self.__rows__)
    if given > fields:
        return TypeError(f"{_title(self)} takes {fields + 1} positional arguments but {given + 1} were given")
    name = next(iter(named))
    what = "multiple values for" if name in self.__match_args__ else "an unexpected keyword"
    return TypeError(f"{_title(self)} got {what} argument {name!r}")


def _repr(self: Record) -> str:
    named = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__match_args__])
    return f"{self.__class__.__qualname__}({named})"


def _eq(self: Record, other: Record) -> object:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = self.__values__
    return values(self) == values(other)


def _hash(self: Record) -> int:
    return hash(self.__values__(self))


def _setattr(_self: Record, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_self: Record, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _lt(self: Record, other: Record) -> object:
    return self.__values__(self) < self.__values__(other) if other.__class__ is self.__class__ else NotImplemented


def _le(self: Record, other: Record) -> object:
    return self.__values__(self) <= self.__values__(other) if other.__class__ is self.__class__ else NotImplemented


def _gt(self: Record, other: Record) -> object:
    return self.__values__(self) > self.__values__(other) if other.__class__ is self.__class__ else NotImplemented


def _ge(self: Record, other: Record) -> object:
    return self.__values__(self) >= self.__values__(other) if other.__class__ is self.__class__ else NotImplemented


def dataclass(cls: type | None = None, /, **options: bool) -> object:
    """As `dataclasses.dataclass`: for classes of ours with `slots`, `frozen` and `order`; the real one for others."""
    if cls is None:
        return lambda later: dataclass(later, **options)
    if not cls.__module__.startswith(OURS):
        for name, declared in [item for item in vars(cls).items() if isinstance(item[1], Field)]:
            setattr(cls, name, declared.real())
        return real().dataclass(cls, **options)
    frozen, order = options.pop("frozen", False), options.pop("order", False)
    if any(map(is_dataclass, cls.__bases__)) or options != {"slots": True}:
        raise TypeError(f"cannot make {cls.__qualname__} a record: only slots, frozen, order, no base with fields")
    return _made(cls, frozen, order)


def _made(cls: type, frozen: bool, order: bool) -> type:
    names = tuple(cls.__annotations__)
    body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    defaults = [body.pop(name, MISSING) for name in names]
    shared: dict[str, object] = {
        "__init__": _init,
        "__repr__": _repr,
        "__eq__": _eq,
        "__hash__": _hash if frozen else None,
    }
    if frozen:
        shared |= {"__setattr__": _setattr, "__delattr__": _delattr}
    if order:
        shared |= {"__lt__": _lt, "__le__": _le, "__gt__": _gt, "__ge__": _ge}
    made = type(cls)(cls.__name__, cls.__bases__, shared | body | {"__slots__": names, "__match_args__": names})
    made.__qualname__ = cls.__qualname__
    setters = tuple([vars(made)[name].__set__ for name in names])
    rows = tuple(zip(names, setters, defaults, strict=True))
    for name, value in {"__setters__": setters, "__rows__": rows, "__values__": _values(names)}.items():
        setattr(made, name, value)
    return made


def _values(names: tuple[str, ...]) -> Values:
    """The quickest way to the values of these fields."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return staticmethod(lambda _record: ())
    only = attrgetter(*names)
    return staticmethod(lambda record: (only(record),))


def replace(record: Record, /, **changes: object) -> object:
    """A copy with other values in the fields named. Raises TypeError for a field that is not there."""
    cls = record.__class__
    if not hasattr(cls, "__rows__"):
        return real().replace(record, **changes)
    copy = cls.__new__(cls)
    for put, value in zip(record.__setters__, record.__values__(record)):  # noqa: B905  # quicker without
        put(copy, value)
    names = record.__match_args__
    for name, value in changes.items():
        if name not in names:
            raise _superfluous(record, 0, {name: value})
        record.__setters__[names.index(name)](copy, value)
    return copy


def field(**options: object) -> Field:
    """Declare a default that is made anew for each object."""
    return Field(options)


def fields(record: object) -> tuple[Field, ...]:
    """The fields of a class or an object, in order. Raises TypeError when it has none."""
    cls = record if isinstance(record, type) else type(record)
    rows: tuple[tuple[str, Setter, object], ...] | None = getattr(cls, "__rows__", None)
    if rows is None:
        found: tuple[Field, ...] = real().fields(record)
        return found
    shown: tuple[Field, ...] | None = vars(cls).get("__fields__")
    if shown is None:
        shown = tuple([_shown(name, cls.__annotations__[name], default) for name, _, default in rows])
        cls.__fields__ = shown  # type: ignore[attr-defined]  # asked for again with each object
    return shown


def _shown(name: str, kind: object, default: object) -> Field:
    if isinstance(default, Field):
        return Field(default.options, name, kind)
    return Field({} if default is MISSING else {"default": default}, name, kind)


def is_dataclass(thing: object) -> bool:
    """Whether it is a class made with `dataclass`, or an object of one."""
    cls = thing if isinstance(thing, type) else type(thing)
    return hasattr(cls, "__rows__") or hasattr(cls, "__dataclass_fields__")


def real() -> ModuleType:
    """The `dataclasses` of the standard library, imported when it is first needed."""
    if not _real:
        stands_in = sys.modules.get("dataclasses") is sys.modules[__name__]
        if stands_in:
            del sys.modules["dataclasses"]
        _real.append(__import__("dataclasses"))
        if stands_in:
            sys.modules["dataclasses"] = sys.modules[__name__]
    return _real[0]


def __getattr__(name: str) -> object:
    if name.startswith("__"):  # what `import` asks of a module
        raise AttributeError(name)
    return getattr(real(), name)
