"""The .env dialect of the shell: for files that scripts read with `. ./.env`. POSIX sh gives the same values.

    export NAME="with $OTHER, ${OTHER} or ${OTHER:-default}" OTHER='as it is' # comment

Only assignments are read, and nothing is run: a command, `$(...)` and all that a shell would have to work out is told
of, and its line gives no variable. A file of which nothing is told means the same to sh.
"""

import re
from collections.abc import Iterator

from mainstay.settings.diagnostics import Assignment, Diagnostic, Kind, Parsed
from mainstay.settings.expansion import Known
from mainstay.settings.scanning import Lines, past

_GAP = re.compile(r"(?:[ \t\n]|\\\n)*")
_BLANKS = re.compile(r"(?:[ \t]|\\\n)*")
_LINE = re.compile(r"[^\n]*")
_EXPORT = re.compile(r"export(?:[ \t]|\\\n)+")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_PLAIN = re.compile(r"[^\s|&;<>()$`\\\"'~\0]+|[\v\f\r]+")
_SINGLE = re.compile(r"'([^']*)'")
_IN_DOUBLE = re.compile(r'[^"\\$`\0]+')
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^}\s\"'\\$`~]*))?\})")
_ENDS = (" ", "\t", "\n", ";", "")


class _Unreadable(Exception):
    """What stands at `at` is not a plain assignment."""

    def __init__(self, at: int, kind: Kind, text: str) -> None:
        self.at, self.kind, self.text = at, kind, text


def parse(text: str, known: Known) -> Parsed:
    """The assignments of `text`, expanded, and what is odd about it."""
    reader = _Reader(text, known)
    return Parsed(tuple(reader.assignments()), tuple(reader.odd))


class _Reader:
    def __init__(self, text: str, known: Known) -> None:
        self._text = text
        self._known = known
        self._above: dict[str, str | None] = {}
        self._set: dict[str, str | None] = {}
        """What the command that is being read sets: nothing, when it turns out not to be plain assignments."""
        self._lines = Lines(text)
        self.odd: list[Diagnostic] = []

    def assignments(self) -> Iterator[Assignment]:
        """The assignments, one after the other; a command that has something else in it gives none."""
        text, at = self._text, 0
        while (at := past(_GAP, text, at)) < len(text):
            if text[at] == "#":
                at = past(_LINE, text, at)
                continue
            try:
                found, at = self._command(at)
            except _Unreadable as error:
                line = self._lines.of(at)
                name = _NAME.match(text, past(_EXPORT, text, at))
                self.odd.append(Diagnostic(line, name[1] if name else "", error.text, "", error.kind))
                at = past(_LINE, text, error.at)
            else:
                self._above |= self._set
                yield from found

    def _command(self, at: int) -> tuple[list[Assignment], int]:
        """The assignments of one line, and where the next begins."""
        text = self._text
        found: list[Assignment] = []
        self._set = {}
        at = past(_EXPORT, text, at)
        while text[at : at + 1] not in ("\n", ";", "#", "") or not found:
            name = _NAME.match(text, at)
            if name is None:
                raise _Unreadable(at, Kind.IGNORED, "not NAME=value alone, and no command is run")
            line = self._lines.of(at)
            value, at = self._word(name.end())
            self._set[name[1]] = value
            found.append(Assignment(name[1], value, line))
            at = past(_BLANKS, text, at)
        return found, at + 1 if text.startswith(";", at) and found else at

    def _word(self, at: int) -> tuple[str, int]:
        text, parts = self._text, []
        while (first := text[at : at + 1]) not in _ENDS:
            if first == '"':
                part, at = self._double(at + 1)
            elif first == "'":
                quoted = _SINGLE.match(text, at)
                if quoted is None:
                    raise _Unreadable(len(text), Kind.NOT_CLOSED, "the ' is not closed")
                part, at = quoted[1], quoted.end()
            elif first == "\\" and at + 1 < len(text):
                part, at = text[at + 1].replace("\n", ""), at + 2
            elif first == "$":
                part, at = self._variable(at)
            elif plain := _PLAIN.match(text, at):
                part, at = plain[0], plain.end()
            else:
                raise _Unreadable(at, Kind.IGNORED, f"a {first!r} outside quotes is for the shell to work out")
            parts.append(part)
        return "".join(parts), at

    def _double(self, at: int) -> tuple[str, int]:
        """What stands between double quotes, of which the first was read, and where it ends."""
        text, parts = self._text, []
        while (first := text[at : at + 1]) != '"':
            if plain := _IN_DOUBLE.match(text, at):
                part, at = plain[0], plain.end()
            elif first == "\\":
                escaped = text[at + 1 : at + 2]
                part = "" if escaped == "\n" else escaped if escaped and escaped in '"\\$`' else first + escaped
                at += 2
            elif first == "$":
                part, at = self._variable(at)
            elif first == "`":
                raise _Unreadable(at, Kind.IGNORED, "no command is run")
            else:
                raise _Unreadable(len(text), Kind.NOT_CLOSED, 'the " is not closed')
            parts.append(part)
        return "".join(parts), at + 1

    def _variable(self, at: int) -> tuple[str, int]:
        text = self._text
        found = _VARIABLE.match(text, at)
        if found is None:
            if text[at + 1 : at + 2] in (*_ENDS, '"', "=", "/", ",", ".", "+", "%", ":", "]"):
                return "$", at + 1
            raise _Unreadable(at, Kind.IGNORED, "a $ that stands for more than a variable")
        name = found[1] or found[2]
        value = self._known.get(name, self._set if name in self._set else self._above)
        if found[3] and (value is None or (found[3] == ":-" and not value)):
            value = found[4]
        return value or "", found.end()
