"""The .env dialect of dotenv 18 for Node, the one that most tools share: the same text gives the same values.

    NAME=value # comment          a `#` ends an unquoted value wherever it stands
    export NAME = value           blanks around the `=` and `NAME: value` are fine
    NAME='as it is'               `...` too; quotes may span lines
    NAME="one\\ntwo"               of all escapes only \\n and \\r are undone

Nothing is expanded. A line that is none of this is passed over in silence by the original, and told of here.
"""

import re
from collections.abc import Iterator

from mainstay.settings.diagnostics import Assignment, Diagnostic, Kind, Parsed
from mainstay.settings.scanning import Lines, past

_SPACES = "\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_STRIPPED = _SPACES.replace("\u2000-\u200a", "".join(map(chr, range(0x2000, 0x200B))))
"""What JavaScript takes for white space. It ends lines at U+2028 and U+2029 as well, though the values do not."""
_BLANKS = re.compile(f"[{_SPACES}]*")
_LINE = re.compile("[^\n\u2028\u2029]*")
_HEAD = re.compile(rf"(?:export[{_SPACES}]+)?(?P<name>[A-Za-z0-9_.-]+)(?:[{_SPACES}]*=|:[{_SPACES}])")
_TAIL = re.compile("[\t\v\f \xa0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]*(?=[#\n\u2028\u2029]|\\Z)")
_OUTER = re.compile("(?:\\A|(?<=[\u2028\u2029]))(['\"`])(.*)\\1(?=[\u2028\u2029]|\\Z)", re.DOTALL)
_QUOTES = ("'", '"', "`")
_VARIABLE = re.compile(r"\$\{[A-Za-z_]")
_KEPT_ESCAPE = re.compile(r"""\\["\\$`t]""")
_CANNOT_HOLD = "__proto__"
"""A name the original loses, as its values are a JavaScript object."""


def parse(text: str) -> Parsed:
    """The assignments of `text`, and what is odd about it."""
    reader = _Reader(re.sub("\r\n?", "\n", text))
    assignments = tuple(reader.assignments())
    return Parsed(assignments, tuple(reader.odd))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self.odd: list[Diagnostic] = []

    def assignments(self) -> Iterator[Assignment]:
        """The assignments, read from the text one after the other."""
        text, at = self._text, 0
        while (at := past(_BLANKS, text, at)) < len(text):
            head = _HEAD.match(text, at) if text[at] != "#" else None
            if text[at] != "#" and (head is None or head["name"] == _CANNOT_HOLD):
                self._tell(at, "", Kind.IGNORED, "not of the form NAME=value")
            if head is None:
                at = past(_LINE, text, at)
                continue
            name, line = head["name"], self._lines.of(at)
            value, at = self._value(head)
            if name != _CANNOT_HOLD:
                yield Assignment(name, value, line)

    def _value(self, head: re.Match[str]) -> tuple[str, int]:
        """The value that follows the head, and where reading goes on."""
        text = self._text
        start = past(_BLANKS, text, head.end())
        quote = text[start : start + 1]
        closed = self._closing(start) if quote in _QUOTES else None
        if closed is None:
            return self._plain(head)
        value, tail = text[start + 1 : closed[0]], closed[1]
        if "\n" in text[head.start() : start]:
            self._tell(head.start(), head["name"], Kind.NEXT_LINE, "its value stands on a line below")
        self._look_into(head, value, quote)
        return _unescaped(value) if quote == '"' else value, past(_LINE, text, tail)

    def _closing(self, opened: int) -> tuple[int, int] | None:
        """Where the quote is closed and where what follows ends: the last quote that ends its line counts, up to the
        first that no backslash stands before."""
        text, found, at = self._text, None, opened
        while (at := text.find(text[opened], at + 1)) != -1:
            if tail := _TAIL.match(text, at + 1):
                found = (at, tail.end())
            if text[at - 1] != "\\":
                break
        return found

    def _plain(self, head: re.Match[str]) -> tuple[str, int]:
        """A value up to the end of the line or the first `#`; quotes around all of it are taken off."""
        text, start = self._text, head.end()
        end = text.find("\n", start)
        end = len(text) if end == -1 else end
        comment = text.find("#", start, end)
        value = text[start : end if comment == -1 else comment].strip(_STRIPPED)
        quote = value[:1]
        if value and "\n" in text[head.start() : start]:
            self._tell(head.start(), head["name"], Kind.NEXT_LINE, "its value stands on a line below")
        if quote in _QUOTES:
            self._tell_quote(head, value, text[start:end])
        elif comment != -1 and self._cuts(value, comment, end):
            hint = "quote a value that has one" if value else "quote a value that begins with one"
            self._tell(head.start(), head["name"], Kind.CUT, "the # ends its value", hint)
        self._look_into(head, value, quote)
        value = _OUTER.sub(r"\2", value)
        after = end if comment == -1 else past(_LINE, text, comment)
        return _unescaped(value) if quote == '"' else value, after

    def _cuts(self, value: str, comment: int, end: int) -> bool:
        """Whether the `#` looks like a part of the value: none of the blanks around it that a comment has."""
        if value.count('"') % 2:
            return True
        before, after = self._text[comment - 1], self._text[comment + 1 : min(comment + 2, end)]
        return before not in _STRIPPED and (bool(value) or bool(after.strip(_STRIPPED + "#")))

    def _tell_quote(self, head: re.Match[str], value: str, line: str) -> None:
        """The value begins with a quote and was not taken as a quoted one."""
        quote = value[0]
        closes = re.search(rf"(?<!\\){quote}", line[line.index(quote) + 1 :])
        if closes is None:
            text, kind = f"the {quote} is not closed", Kind.NOT_CLOSED
        else:
            text, kind = f"text after the closing {quote}", Kind.AFTER_QUOTE
        self._tell(head.start(), head["name"], kind, text)

    def _look_into(self, head: re.Match[str], value: str, quote: str) -> None:
        if quote != "'" and _VARIABLE.search(value):
            hint = "write it out, or in single quotes when it is meant as it is"
            self._tell(head.start(), head["name"], Kind.NOT_EXPANDED, "${NAME} is not expanded", hint)
        if quote in _QUOTES and (f"\\{quote}" in value or (quote == '"' and _KEPT_ESCAPE.search(value))):
            self._tell(head.start(), head["name"], Kind.ESCAPE, "only \\n and \\r are undone: the backslash stays")

    def _tell(self, at: int, name: str, kind: Kind, text: str, hint: str = "") -> None:
        self.odd.append(Diagnostic(self._lines.of(at), name, text, hint, kind))


def _unescaped(value: str) -> str:
    return value.replace("\\n", "\n").replace("\\r", "\r")
