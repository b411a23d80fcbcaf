"""How `--print` shows what would be run: the variables that the command line names, and the command. No secret."""

from __future__ import annotations

from dataclasses import dataclass

from mainstay.cli.chainload.variables import Given, Kept, Removed
from mainstay.cli.escaping import escaped
from mainstay.cli.masking import MASK, masked
from mainstay.cli.sources import name_and_source
from mainstay.cli.terminal import DIM
from mainstay.model.never import assert_never
from mainstay.settings.naming import looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mainstay.cli.chainload.variables import Fate, Outcome
    from mainstay.cli.terminal import Terminal

_SHORTEST_SECRET = 4
"""A secret value of at least so many characters is masked wherever it turns up."""


@dataclass(frozen=True, slots=True)
class Row:
    """A variable as it is shown; `value` is None where it is not set."""

    name: str
    value: str | None
    source: str
    unused: str
    """What wanted to set it and did not."""


class Shown:
    """An outcome and a command, with the secrets of that environment masked in all of it."""

    def __init__(self, outcome: Outcome, words: Sequence[str]) -> None:
        environ = outcome.environ
        secrets = {v for name, v in environ.items() if looks_secret(name) and len(v) >= _SHORTEST_SECRET}
        self._secrets = sorted(secrets, key=len, reverse=True)  # one may be part of another
        self.rows = [self._row(name, fate, environ) for name, fate in sorted(outcome.fates.items())]
        self.words = [self._word(word, before) for before, word in zip(("", *words), words, strict=False)]

    def lines(self, terminal: Terminal) -> list[str]:
        """For people."""
        left, _ = name_and_source([(row.name, row.source) for row in self.rows], terminal)
        lines = []
        for begin, row in zip(left, self.rows, strict=True):
            value = terminal.paint("(not set)", DIM) if row.value is None else escaped(row.value)
            unused = terminal.paint(f"  (not from {escaped(row.unused)})", DIM) if row.unused else ""
            lines.append(f"{begin}{value}{unused}")
        if self.words:
            lines.append(f"{terminal.paint('runs:', DIM)} {_quoted(self.words)}")
        return lines

    def as_json(self) -> dict[str, object]:
        """For programs."""
        variables = [
            {"name": row.name, "value": row.value, "source": row.source, "unused": row.unused or None}
            for row in self.rows
        ]
        return {"variables": variables, "command": self.words}

    def _row(self, name: str, fate: Fate, environ: Mapping[str, str]) -> Row:
        value = environ.get(name)
        shown = None if value is None else self._without_secrets(masked(name, value))
        match fate:
            case Given(source):
                return Row(name, shown, source, "")
            case Kept(source):
                return Row(name, shown, "environment", source)
            case Removed():
                return Row(name, None, "-u", "")
            case _:
                assert_never(fate)

    def _word(self, word: str, before: str) -> str:
        """A word of the command: `--password=...` and `--password ...` are secrets by their names, too."""
        if before.startswith("--") and "=" not in before and looks_secret(before) and not word.startswith("-"):
            return MASK
        option, equals, value = word.partition("=")
        if equals and value and looks_secret(option.lstrip("-")):
            return f"{option}={MASK}"
        return self._without_secrets(masked("", word))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


def _quoted(words: Sequence[str]) -> str:
    """As one would type it; what a terminal must not get is escaped."""
    import shlex

    return escaped(shlex.join(words))
