"""Carries out the steps of a command line on an environment, from left to right. Each sees what those before it did.

Like dotenv, a file sets only what is not set yet, even to nothing; with `override` it sets everything but what the
command line itself has assigned: nothing is stronger than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mainstay.cli.chainload.expansion import ExpansionError, expanded
from mainstay.cli.chainload.line import Assign, FromFile, Unset
from mainstay.errors import MainstayError
from mainstay.model.never import assert_never

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mainstay.cli.chainload.line import Step

    ReadFile = Callable[[str], Mapping[str, tuple[str, str]]]
    """From a path to name -> (value, where it stands)."""

COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Given:
    """A variable was set, by what `source` names."""

    source: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A variable was taken away, if it was there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A variable was set before, so that what `source` says about it does not count."""

    source: str


Fate = Given | Removed | Kept


@dataclass(slots=True)
class Outcome:
    """The environment that came of the steps, and what happened to each variable that they name."""

    environ: dict[str, str]
    fates: dict[str, Fate] = field(default_factory=dict)

    def give(self, name: str, value: str, source: str) -> None:
        """Set a variable."""
        self.environ[name] = value
        self.fates[name] = Given(source)

    def keep(self, name: str, source: str) -> None:
        """Leave a variable as it is, whatever `source` says."""
        self.fates.setdefault(name, Kept(source))

    def remove(self, name: str) -> None:
        """Take a variable away."""
        self.environ.pop(name, None)
        self.fates[name] = Removed()


def applied(steps: Iterable[Step], environ: Mapping[str, str], read_file: ReadFile, *, override: bool) -> Outcome:
    """The outcome of all steps. Raises MainstayError for what cannot be expanded, and what `read_file` raises."""
    outcome = Outcome(dict(environ))
    assigned: set[str] = set()
    for step in steps:
        match step:
            case FromFile(path):
                for name, (value, source) in read_file(path).items():
                    if name in assigned or (name in outcome.environ and not override):
                        outcome.keep(name, source)
                    else:
                        outcome.give(name, value, source)
            case Unset(name):
                outcome.remove(name)
                assigned.discard(name)
            case Assign(name, _, if_unset=True) if name in outcome.environ:
                outcome.keep(name, COMMAND_LINE)
            case Assign(name, value):
                outcome.give(name, _expanded(f"set {name}", value, outcome.environ), COMMAND_LINE)
                assigned.add(name)
            case _:
                assert_never(step)
    return outcome


def expanded_words(words: Iterable[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command, expanded. Raises MainstayError."""
    return tuple(_expanded(f"expand word {place} of the command", word, environ) for place, word in enumerate(words, 1))


def _expanded(what: str, value: str, environ: Mapping[str, str]) -> str:
    try:
        return expanded(value, environ)
    except ExpansionError as error:
        raise MainstayError(f"cannot {what}: {error}", hint=error.hint) from error
