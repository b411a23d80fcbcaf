"""Values of a section that come from the environment: named where they are declared, read when the section is used.

So a section for production can stand in the file of a machine that has none of its variables, and what is missing is
told together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from mainstay.settings.problems import SettingsError
from mainstay.settings.secret import Secret
from mainstay.settings.secret_files import indirect

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Unusable(Exception):
    """A variable is missing or says nothing that can be used; the text names it and never its value."""


@dataclass(frozen=True, slots=True)
class Variable(Generic[T_co]):
    """A variable to be read later. Made by `variable()` and `secret()`."""

    name: str
    cast: Callable[[str], T_co]
    default: tuple[T_co, ...] = ()
    """What it is when the variable is not set or empty; none: it has to be set."""

    def read(self, environ: Mapping[str, str]) -> T_co:
        """The value. Raises Unusable."""
        text = _text(self.name, environ)
        if not text:
            if self.default:
                return self.default[0]
            raise Unusable(f"{self.name} is {'not set' if text is None else 'empty'}")
        try:
            return self.cast(text)
        except ValueError:
            # Without the text and its cause: what was put into the wrong variable may well be a password.
            raise Unusable(f"{self.name} is no {getattr(self.cast, '__name__', 'such value')}") from None


def _text(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable's text, or that of the file that NAME_FILE names."""
    if f"{name}_FILE" not in environ:
        return environ.get(name)
    try:
        found = indirect(name, environ)
    except SettingsError as error:
        raise Unusable(str(error)) from None
    return found.value if found else None


@overload
def variable(name: str, *, default: str | None = None) -> Variable[str]: ...
@overload
def variable(name: str, cast: Callable[[str], T], *, default: T | None = None) -> Variable[T]: ...
def variable(name: str, cast: Callable[[str], Any] = str, *, default: Any = None) -> Variable[Any]:  # Any: see above
    """The variable `name`, through `cast` (`int`); it has to be set unless there is a default.

    NAME_FILE may name a file with the value in it instead. `cast` raises ValueError for what it cannot read.
    """
    return Variable(name, cast, () if default is None else (default,))


def secret(name: str, *, default: str | None = None) -> Variable[Secret]:
    """The same for a password: its value prints as `***`."""
    return Variable(name, Secret, () if default is None else (Secret(default),))
