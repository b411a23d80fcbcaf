"""What is wrong with a declaration, gathered so that all of it is told at once."""

from dataclasses import dataclass

from mainstay.config.document import Document, KeyPath, dotted
from mainstay.errors import UsageError


class Refused(ValueError):
    """A value is not acceptable. `text` says why; `at` leads to the item that is meant, from the value itself.

    `others` are further items of the same value that are not acceptable either.

    Raised by whoever reads a value and does not know where it was written; translated where that is known.
    """

    def __init__(self, text: str, *, hint: str = "", at: KeyPath = (), others: "tuple[Refused, ...]" = ()) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint
        self.at = at
        self.others = others

    def under(self, key: str | int) -> "Refused":
        """The same, seen from the list or table that holds the value under `key`."""
        others = tuple(other.under(key) for other in self.others)
        return Refused(self.text, hint=self.hint, at=(key, *self.at), others=others)


def refuse_all(errors: list[Refused]) -> None:
    """Raises all of them as one; does nothing when there are none."""
    if errors:
        first, *others = errors
        raise Refused(first.text, hint=first.hint, at=first.at, others=(*first.others, *others))


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file."""

    file: str
    line: int
    key: str
    text: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {self.key}: " if self.key else f"{self.file}:{self.line}: "
        return where + self.text + (f"; {self.hint}" if self.hint else "")


class ConfigError(UsageError):
    """A config file cannot be used; `problems` says all that is wrong with it, `lines` the same as text."""

    def __init__(self, shown: str, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        if len(problems) == 1:
            only = problems[0]
            key = f"{only.key}: " if only.key else ""
            super().__init__(f"cannot use {only.file}:{only.line}: {key}{only.text}", hint=only.hint)
        else:
            super().__init__(
                f"cannot use {shown}: it has {len(problems)} mistakes",
                lines=tuple(str(problem) for problem in problems),
            )


class Complaints:
    """Collects the problems of one document; `close` raises them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return len(self._found)

    def at(self, path: KeyPath, text: str, hint: str = "") -> None:
        """Something is wrong with the key at `path` (from the document's root)."""
        whole = self._document.root + _as_written(path, self._document.data)
        self._found.append(Problem(self._document.shown, self._document.line_of(whole), dotted(whole), text, hint))

    def refused(self, path: KeyPath, error: Refused) -> None:
        """The value of the key at `path` was refused."""
        self.at(path + error.at, error.text, error.hint)
        for other in error.others:
            self.refused(path, other)

    def elsewhere(self, problem: Problem) -> None:
        """Something is wrong in a file that the document names."""
        self._found.append(problem)

    def close(self) -> None:
        """Raises ConfigError when anything was found, in the order of the lines."""
        if self._found:
            raise ConfigError(self._document.shown, tuple(sorted(set(self._found))))


def _as_written(path: KeyPath, data: object) -> KeyPath:
    """`path` without the position in a list of one that was written without brackets."""
    for depth, part in enumerate(path):
        if isinstance(part, int) and not isinstance(data, list):
            return path[:depth]
        if isinstance(data, dict):
            data = data.get(str(part))
        elif isinstance(data, list):
            data = data[part] if isinstance(part, int) and part < len(data) else None
    return path
