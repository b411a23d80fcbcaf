"""How a class of settings is declared: which variable a field has, what it may be, and its default."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast, get_args, get_type_hints, overload

from mainstay.settings.casts import Cast, cast_of
from mainstay.settings.environment import Environment
from mainstay.settings.naming import looks_secret

T = TypeVar("T")
_KEY = "mainstay.setting"


class Missing:
    """There is no default."""


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Asked:
    """What `setting(...)` said of a field."""

    name: str = ""
    secret: bool = False
    defaults: Mapping[Environment, object] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without the defaults: one may be a password."""
        return f"<Asked: {self.name or 'no name'}{', secret' if self.secret else ''}>"


@overload
def setting(*, default: T, defaults: Mapping[Environment, T] = ..., name: str = ..., secret: bool = ...) -> T: ...
@overload
def setting(
    *, default_factory: Callable[[], T], defaults: Mapping[Environment, T] = ..., name: str = ..., secret: bool = ...
) -> T: ...
@overload
def setting(
    *, defaults: Mapping[Environment, object] = ..., name: str = ..., secret: bool = ...
) -> Any: ...  # Any: the field's own annotation says the type


def setting(
    *,
    default: object = MISSING,
    default_factory: Callable[[], object] | None = None,
    defaults: Mapping[Environment, object] | None = None,
    name: str = "",
    secret: bool = False,
) -> object:
    """More of a field than its type and default.

    `defaults` are those of single environments: `defaults={"development": 1}`; elsewhere `default` counts, or the
    variable is required. `name` is the whole name of the variable, in place of prefix and field. `secret`: its value is
    shown nowhere.
    """
    metadata = {_KEY: Asked(name, secret, dict(defaults or {}))}
    if default_factory is not None:
        return dataclasses.field(default_factory=default_factory, metadata=metadata)
    if isinstance(default, Missing):
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Group:
    """A field that is a class of settings itself."""

    field: str
    kind: type[Any]  # Any: a class of settings, which cannot be named here
    prefix: str
    optional: bool
    asked: "dataclasses.Field[object]"


@dataclass(frozen=True, slots=True)
class Variable:
    """A field that one variable is for."""

    field: str
    name: str
    cast: Cast
    secret: bool
    asked: "dataclasses.Field[object]"


def declared(kind: type, prefix: str, base: type) -> tuple[Variable | Group, ...]:
    """The fields of a class of settings, seen with a prefix. `base`: what makes a class one of settings.

    Raises TypeError for a field whose type cannot be read from a text.
    """
    hints = get_type_hints(kind, include_extras=True)
    return tuple(_declared(one, hints[one.name], prefix, base) for one in dataclasses.fields(kind) if one.init)


def _declared(one: "dataclasses.Field[object]", hint: object, prefix: str, base: type) -> Variable | Group:
    asked = said_of(one)
    inner = [part for part in (hint, *get_args(hint)) if isinstance(part, type) and issubclass(part, base)]
    if inner:
        if asked.name:
            raise TypeError(f"{one.name} is a group of settings, and has no name of its own: give its class a prefix")
        own = cast(str | None, getattr(inner[0], "_prefix", None))
        inside = prefix + (f"{one.name.upper()}_" if own is None else own)
        return Group(one.name, inner[0], inside, inner[0] is not hint, one)
    name = asked.name or prefix + one.name.upper()
    reader = cast_of(hint)
    return Variable(one.name, name, reader, asked.secret or reader.secret or looks_secret(one.name), one)


def said_of(one: "dataclasses.Field[object]") -> Asked:
    """What `setting` said of the field, or nothing."""
    said = one.metadata.get(_KEY)
    return said if isinstance(said, Asked) else Asked()


def default_of(one: "dataclasses.Field[object]", environment: Environment) -> object:
    """The field's default in an environment, MISSING when the variable has to be set."""
    asked = said_of(one)
    if environment in asked.defaults:
        return asked.defaults[environment]
    # By the type, as the command line has a stand-in for `dataclasses`, with another MISSING than the fields have.
    if not isinstance(one.default, dataclasses._MISSING_TYPE):
        return one.default
    if not isinstance(one.default_factory, dataclasses._MISSING_TYPE):
        return one.default_factory()
    return MISSING
