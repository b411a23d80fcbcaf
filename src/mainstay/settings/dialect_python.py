"""The .env dialect of python-dotenv 1.2: for files that were written for it. The same text gives the same values.

It differs from dotenv's in some thirty ways: `${NAME}` and `${NAME:-default}` are expanded in every value, single
quotes or not; a `#` needs a blank before it; all escapes are undone; a name alone is a variable of no value; nearly
every character may be in a name.
"""

import re
from collections.abc import Iterator

from mainstay.settings.diagnostics import Assignment, Diagnostic, Kind, Parsed
from mainstay.settings.expansion import Known
from mainstay.settings.scanning import past

_SPACE = re.compile(r"\s*")
_BLANKS = re.compile(r"[^\S\r\n]*")
_EXPORT = re.compile(r"export[^\S\r\n]+")
_NAME = re.compile(r"[^=#\s]+")
_QUOTED_NAME = re.compile(r"'([^']+)'")
_SINGLE = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_DOUBLE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_LINE = re.compile(r"[^\r\n]*")
_END = re.compile(r"[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|\Z)")
_COMMENT = re.compile(r"\s+#.*")
_SINGLE_ESCAPE = re.compile(r"\\([\\'])")
_DOUBLE_ESCAPE = re.compile(r"""\\([\\'"abfnrtv])""")
_MEANING = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_VARIABLE = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")
_ENDS = re.compile(r"\r\n|\n|\r")


class _Unreadable(Exception):
    """What stands at `at` fits nowhere; `kind` and `text` say why."""

    def __init__(self, at: int, kind: Kind, text: str, name: str = "") -> None:
        self.at, self.kind, self.text, self.name = at, kind, text, name


def parse(text: str, known: Known) -> Parsed:
    """The assignments of `text`, expanded, and what is odd about it."""
    reader = _Reader(text)
    above: dict[str, str | None] = {}
    found = []
    for raw in reader.assignments():
        above[raw.name] = None if raw.value is None else _expanded(raw.value, above, known)
        found.append(Assignment(raw.name, above[raw.name], raw.line))
    return Parsed(tuple(found), tuple(reader.odd))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.odd: list[Diagnostic] = []

    def assignments(self) -> Iterator[Assignment]:
        """The assignments as they are written, nothing expanded yet."""
        text, at, line, counted = self._text, 0, 1, 0
        while (at := past(_SPACE, text, at)) < len(text):
            line, counted = line + len(_ENDS.findall(text, counted, at)), at
            try:
                name, value, at = self._line(at)
            except _Unreadable as error:
                self.odd.append(Diagnostic(line, error.name, error.text, "", error.kind))
                at = past(_LINE, text, error.at)
                continue
            if name and value is None:
                self.odd.append(Diagnostic(line, name, "has no value", "", Kind.NO_VALUE))
            if name:
                yield Assignment(name, value, line)

    def _line(self, at: int) -> tuple[str, str | None, int]:
        """Name and value of the line at `at`, and where the next begins; no name: a comment."""
        text = self._text
        at = past(_EXPORT, text, at)
        if text.startswith("#", at):
            return "", None, past(_END, text, at)
        found = (_QUOTED_NAME if text.startswith("'", at) else _NAME).match(text, at)
        if found is None:
            raise _Unreadable(at, Kind.IGNORED, "not of the form NAME=value")
        name, at = found[found.lastindex or 0], past(_BLANKS, text, found.end())
        value = None
        if text.startswith("=", at):
            value, at = self._value(at + 1, name)
        end = _END.match(text, at)
        if end is None:
            raise _Unreadable(at, *self._why(name, value))
        return name, value, end.end()

    def _why(self, name: str, value: str | None) -> tuple[Kind, str, str]:
        if value is None:
            return Kind.IGNORED, "not of the form NAME=value", ""
        return Kind.AFTER_QUOTE, "text after the closing quote", name

    def _value(self, after: int, name: str) -> tuple[str, int]:
        text, at = self._text, past(_BLANKS, self._text, after)
        first = text[at : at + 1]
        if first == "#" and at > after:
            return "", at
        if first not in ("'", '"'):
            line = _LINE.match(text, at)
            return _COMMENT.sub("", line[0] if line else "").rstrip(), past(_LINE, text, at)
        quoted = (_SINGLE if first == "'" else _DOUBLE).match(text, at)
        if quoted is None:
            raise _Unreadable(at, Kind.NOT_CLOSED, f"the {first} is not closed", name)
        escape = _SINGLE_ESCAPE if first == "'" else _DOUBLE_ESCAPE
        return escape.sub(lambda found: _MEANING.get(found[1], found[1]), quoted[1]), quoted.end()


def _expanded(value: str, above: dict[str, str | None], known: Known) -> str:
    def fill(found: re.Match[str]) -> str:
        if found["name"] in above or known.get(found["name"], above) is not None:
            return known.get(found["name"], above) or ""
        return found["default"] or ""

    return _VARIABLE.sub(fill, value)
