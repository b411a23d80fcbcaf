"""Settings as a class: one field for each variable, read and checked all at once.

    class Shop(Settings, prefix="SHOP_"):
        port: int = 8000                  # SHOP_PORT
        password: Secret                  # SHOP_PASSWORD, or the file that SHOP_PASSWORD_FILE names

    shop = Shop.load()

A class of settings is a frozen dataclass with keyword arguments, and type checkers know it as one.
"""

import dataclasses
import inspect
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, TypeVar, assert_never, dataclass_transform

from mainstay.settings.casts import Unfit
from mainstay.settings.declaring import Group, Missing, Variable, declared, default_of, said_of, setting
from mainstay.settings.environment import VARIABLE, Environment, environment
from mainstay.settings.loaded import ENVIRONMENT, Loaded
from mainstay.settings.naming import looks_secret
from mainstay.settings.problems import SettingsError, listed
from mainstay.settings.secret import MASK
from mainstay.settings.secret_files import indirect

_S = TypeVar("_S", bound="Settings")
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why one variable cannot be used. `source` is where its value comes from; empty: it is not set."""

    variable: str
    source: str
    text: str

    def __str__(self) -> str:
        return f"{self.variable} ({self.source}): {self.text}" if self.source else f"{self.variable}: {self.text}"


class InvalidSettings(SettingsError):
    """Variables are missing or of the wrong type: all of them, in `mistakes`. No value of a secret is shown."""

    def __init__(self, what: str, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(listed(f"cannot load {what}", [str(mistake) for mistake in mistakes]))
        self.mistakes = mistakes


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting,))
class Settings:
    """The base of a class of settings.

    `prefix` goes before the name of each variable, and before the prefix of each group in it. A group without one has
    the name of its field as its prefix.
    """

    _prefix: ClassVar[str | None] = None

    def __init_subclass__(cls, *, prefix: str | None = None) -> None:
        super().__init_subclass__()
        if prefix is not None:
            cls._prefix = prefix
        taken = [name for name in inspect.get_annotations(cls) if name in ("load", "_prefix")]
        if taken:
            raise TypeError(f"{cls.__name__}.{taken[0]}: no setting can have this name")
        dataclass(frozen=True, kw_only=True, repr=False)(cls)

    @classmethod
    def load(cls, source: Mapping[str, str] | None = None, *, strict: bool = False) -> Self:
        """Read every field from its variable in `source`: what `load(root)` gave, a dict, or by default `os.environ`.

        With `strict` a variable that has the prefix of the class and is none of its fields' is a mistake too. Raises
        InvalidSettings with all that is wrong, and UnknownEnvironment.
        """
        values = os.environ if source is None else source
        reading = _Reading(values, _environment(values))
        made = reading.made(cls, cls._prefix or "")
        if strict and cls._prefix:
            reading.refuse_others(cls, cls._prefix)
        if reading.mistakes or made is None:
            raise InvalidSettings(cls.__name__, tuple(reading.mistakes))
        return made

    def __repr__(self) -> str:
        shown = (f"{one.name}={self._shown(one)}" for one in dataclasses.fields(self))  # type: ignore[arg-type]  # each subclass is a dataclass
        return f"{type(self).__name__}({', '.join(shown)})"

    def _shown(self, one: "dataclasses.Field[object]") -> str:
        value = getattr(self, one.name)
        hidden = said_of(one).secret or (looks_secret(one.name) and isinstance(value, Collection))
        return MASK if hidden and value else repr(value)


class _Reading:
    """Makes classes of settings from variables, and collects what is wrong with them."""

    def __init__(self, values: Mapping[str, str], name: Environment) -> None:
        self._values = values
        self._environment: Environment = name
        self.mistakes: list[Mistake] = []

    def made(self, kind: type[_S], prefix: str) -> _S | None:
        """The settings, None when a mistake was found."""
        before = len(self.mistakes)
        found: dict[str, object] = {}
        for one in declared(kind, prefix, Settings):
            match one:
                case Variable():
                    found[one.field] = self._value(one)
                case Group():
                    found[one.field] = self._group(one)
                case _:
                    assert_never(one)
        return kind(**found) if len(self.mistakes) == before else None

    def refuse_others(self, kind: type[Settings], prefix: str) -> None:
        """Variables with the prefix that nobody reads are most often misspelt."""
        known = set(_names(kind, prefix))
        for name in sorted(self._values):
            if name.startswith(prefix) and name not in known and name.removesuffix("_FILE") not in known:
                near = _nearest(name, sorted(known), 0.6)
                text = f"{kind.__name__} has no such variable" + (f"; {near} is near" if near else "")
                self.mistakes.append(Mistake(name, self._source(name), text))

    def _group(self, group: Group) -> object:
        """An optional group of which nothing is set is its default."""
        default = default_of(group.asked, self._environment)
        unset = not any(self._is_set(name) for name in _names(group.kind, group.prefix))
        if unset and not isinstance(default, Missing):
            return default
        if unset and group.optional:
            return None
        return self.made(group.kind, group.prefix)

    def _value(self, variable: Variable) -> object:
        name = variable.name
        source = self._source(name)
        try:
            text = self._values.get(name)
            file = indirect(name, self._values)
            if file is not None:
                text, source = file.value, f"file {file.path}"
            if text is None:
                return self._default(variable)
            return variable.cast.of_text(text)
        except Unfit as error:
            shown = "" if variable.secret or looks_secret(name) else f", not {text or ''!r:.{_LONGEST_SHOWN}}"
            self.mistakes.append(Mistake(name, source, f"expected {error}{shown}"))
        except SettingsError as error:
            self.mistakes.append(Mistake(name, "", str(error)))
        return None

    def _default(self, variable: Variable) -> object:
        default = default_of(variable.asked, self._environment)
        if isinstance(default, Missing):
            near = _nearest(variable.name, self._values, 0.85)  # a slip of the finger: other variables are not ours
            hint = f"; {near} is set, is that it?" if near else ""
            self.mistakes.append(Mistake(variable.name, "", f"not set, expected {variable.cast.expected}{hint}"))
        return default

    def _is_set(self, name: str) -> bool:
        return name in self._values or f"{name}_FILE" in self._values

    def _source(self, name: str) -> str:
        if name not in self._values:
            return ""
        return self._values.source(name) if isinstance(self._values, Loaded) else ENVIRONMENT


def _names(kind: type, prefix: str) -> Iterator[str]:
    """Every variable of a class of settings and of the groups in it."""
    for one in declared(kind, prefix, Settings):
        if isinstance(one, Group):
            yield from _names(one.kind, one.prefix)
        else:
            yield one.name


def _nearest(name: str, known: Iterable[str], least: float) -> str:
    """The known variable that is most like this one, and at least so like it; empty when none is."""
    from difflib import get_close_matches  # here, as hardly any program needs it

    return next(iter(get_close_matches(name, list(known), n=1, cutoff=least)), "")


def _environment(values: Mapping[str, str]) -> Environment:
    if isinstance(values, Loaded):
        return values.environment
    return environment(values if VARIABLE in values else os.environ)
