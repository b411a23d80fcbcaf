"""Settings as they were found: values, and where each of them comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mainstay.settings.diagnostics import Notice
from mainstay.settings.environment import Environment

ENVIRONMENT = "environment"
"""The source of what was set before anything was read."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its source: `environment`, or `file PATH:LINE`."""

    text: str
    source: str

    def __repr__(self) -> str:
        return f"<Value of {self.source}>"


class Loaded(Mapping[str, str]):
    """All variables after a load: a read-only mapping whose repr shows none of the values."""

    __slots__ = ("_values", "environment", "files", "warnings")

    def __init__(
        self,
        values: Mapping[str, Value],
        environment: Environment,
        files: tuple[str, ...] = (),
        warnings: tuple[Notice, ...] = (),
    ) -> None:
        self._values = dict(values)
        self.environment: Environment = environment
        self.files = files
        """The files that were read, the strongest last."""
        self.warnings = warnings
        """What is odd about them: nothing is printed, so it is for the program to log."""

    def source(self, name: str) -> str:
        """Where the variable's value comes from: `environment`, or `file PATH:LINE`. Raises KeyError."""
        return self._values[name].source

    def __getitem__(self, name: str) -> str:
        return self._values[name].text

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Loaded: {len(self)} variables, {self.environment}, from {', '.join(self.files) or 'no file'}>"
