"""What a key of a config file is, and the values that were declared for one app's keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """A key: what it may hold, how that is read, and what it means."""

    name: str
    """With the names of the tables it stands in: `restart.on`."""
    kind: str
    """What it holds, for people."""
    read: Callable[[object], T]
    default: T
    shown: str
    """The default as one would write it; for keys without one, what happens then."""
    doc: str
    only_for: tuple[str, ...] = ()
    """The keys of which one has to be there too."""


class Values:
    """What was declared for one app, read; a key that was not declared gives its default."""

    def __init__(self, declared: dict[str, object]) -> None:
        self._declared = declared

    def __getitem__(self, key: Key[T]) -> T:
        value: T = self._declared.get(key.name, key.default)  # type: ignore[assignment]  # put there by key.read
        return value

    def __contains__(self, key: Key[T]) -> bool:
        return key.name in self._declared
