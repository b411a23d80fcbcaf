"""What can be odd about a line of a .env file, and what reading one gives. No diagnostic holds a value."""

from dataclasses import dataclass
from enum import Enum

from mainstay.settings.problems import SettingsError, listed


class Kind(Enum):
    """Why a line is worth a look."""

    IGNORED = "ignored"
    """The line gives no variable."""
    NO_VALUE = "no value"
    """A name alone: a variable of no value (python-dotenv)."""
    NOT_CLOSED = "not closed"
    """The quote that opens the value is not closed."""
    AFTER_QUOTE = "after quote"
    """Text follows the closing quote."""
    CUT = "cut"
    """The value ends at a `#` that may have been meant as a part of it."""
    NEXT_LINE = "next line"
    """The value stands on a line below its name."""
    NOT_EXPANDED = "not expanded"
    """`${NAME}` is in the value as it is."""
    ESCAPE = "escape"
    """A backslash stays in the value, where other readers take it away."""
    DUPLICATE = "duplicate"
    """The name was given above; the last one counts."""
    LINE_ENDS = "line ends"
    """Lines end with a carriage return."""
    BOM = "byte order mark"
    ENCRYPTED = "encrypted"
    """The value has yet to be decrypted."""
    NUL = "NUL"
    """No variable can have such a value."""
    NOT_UTF8 = "not UTF-8"

    @property
    def harmless(self) -> bool:
        """Whether the value is most likely what was meant, so that only strict reading makes an error of it."""
        return self in (Kind.DUPLICATE, Kind.LINE_ENDS, Kind.BOM, Kind.ESCAPE)

    @property
    def unusable(self) -> bool:
        """Whether the value cannot be taken at all, so that every load makes an error of it."""
        return self in (Kind.ENCRYPTED, Kind.NUL, Kind.NOT_UTF8)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One oddity. `line` counts from 1; `name` is the variable's, or empty."""

    line: int
    name: str
    text: str
    hint: str = ""
    kind: Kind = Kind.IGNORED

    def __str__(self) -> str:
        return (f"{self.name}: " if self.name else "") + self.text + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """Something to know about a file. `line` counts from 1; 0: the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable as one line gives it. The value is None where python-dotenv knows a name without one."""

    name: str
    value: str | None
    line: int

    def __repr__(self) -> str:
        """Without the value: it may be a password."""
        return f"<{self.name} of line {self.line}>"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a .env file says."""

    assignments: tuple[Assignment, ...]
    """In the order of the file; a name may be there more than once, and its last one counts."""
    diagnostics: tuple[Diagnostic, ...]
    """In the order of the lines."""

    @property
    def last(self) -> dict[str, Assignment]:
        """The assignment that counts for each name, without names that have no value."""
        found = {assignment.name: assignment for assignment in self.assignments}
        return {name: assignment for name, assignment in found.items() if assignment.value is not None}

    @property
    def values(self) -> dict[str, str]:
        """name -> value."""
        return {name: assignment.value or "" for name, assignment in self.last.items()}


class DotenvError(SettingsError):
    """A .env file has lines that cannot be taken as they are: all of them, in `diagnostics`."""

    def __init__(self, shown: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(listed(f"cannot read {shown}", [f"{shown}:{odd.line}: {odd}" for odd in diagnostics]))
        self.file = shown
        self.diagnostics = diagnostics
