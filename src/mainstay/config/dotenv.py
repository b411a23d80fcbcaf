"""Reading .env files.

    # a comment
    NAME=value                  # a comment after a value needs a space before it
    export NAME=value
    NAME='as it is, $ and \\ too'
    NAME="with \\n, \\t, \\", \\\\, \\$ and ${OTHER}"
    NAME=${OTHER:-default}/path

Quoted values may go over several lines. `${NAME}` is a variable set above it, or one of an earlier layer; it is an
error when there is none and no default is given, because an empty password helps nobody.
"""

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_START = re.compile(r"(?:export[ \t]+)?")
_EQUALS = re.compile(r"[ \t]*=")
_BLANK = re.compile(r"[ \t]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLAIN = re.compile(r"[^\n]*")
_COMMENT = re.compile(r"[ \t]#.*")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
_VARIABLE_IN = re.compile(r"\$\{(?P<inside>[^}]*)\}")
_PART_IN = re.compile(r"\\(?P<escaped>.)|\$\{(?P<inside>[^}]*)\}", re.DOTALL)
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)(?::?-(.*))?", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "'": "'", "\n": ""}


class DotenvError(ValueError):
    """A line cannot be read; `line` counts from 1."""

    def __init__(self, line: int, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.line = line
        self.text = text
        self.hint = hint


def parse(text: str, known: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """The variables of a .env file: name -> (value, line). `known` are those of the layers before it.

    Raises DotenvError for the first line that cannot be read.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found: dict[str, tuple[str, int]] = {}
    seen = dict(known)
    at = 0
    while at < len(text):
        if text[at] in " \t\n":
            at += 1
        elif text[at] == "#":
            at = _end(_PLAIN, text, at)
        else:
            line = text.count("\n", 0, at) + 1
            name, at = _name(text, at, line)
            value, at = _value(text, at, line, seen)
            if "\0" in value:
                raise DotenvError(line, f"{name} has a NUL character")
            seen[name] = value
            found[name] = (value, line)
    return found


def _name(text: str, at: int, line: int) -> tuple[str, int]:
    start = _end(_START, text, at)
    name = _NAME.match(text, start)
    equals = _EQUALS.match(text, name.end()) if name else None
    if name is None or equals is None:
        raise DotenvError(line, "not of the form NAME=value")
    return name[0], equals.end()


def _value(text: str, at: int, line: int, known: Mapping[str, str]) -> tuple[str, int]:
    start = _end(_BLANK, text, at)
    quote = text[start : start + 1]
    if quote not in ("'", '"'):
        end = _end(_PLAIN, text, at)
        return _filled(_VARIABLE_IN, _COMMENT.sub("", text[at:end]).strip(), line, known), end
    quoted = (_SINGLE if quote == "'" else _DOUBLE).match(text, start)
    if quoted is None:
        raise DotenvError(line, f"the {quote} is not closed")
    rest = _REST.match(text, quoted.end())
    if rest is None:
        raise DotenvError(line, f"text after the closing {quote}")
    return quoted[1] if quote == "'" else _filled(_PART_IN, quoted[1], line, known), rest.end()


def _filled(pattern: re.Pattern[str], value: str, line: int, known: Mapping[str, str]) -> str:
    """The value with what `pattern` finds (variables, or those and escapes) replaced, in one pass."""

    def fill(part: re.Match[str]) -> str:
        if part.lastgroup == "escaped":
            return _ESCAPES.get(part["escaped"], part[0])
        return _looked_up(part["inside"], line, known)

    return pattern.sub(fill, value)


def _looked_up(inside: str, line: int, known: Mapping[str, str]) -> str:
    variable = _VARIABLE.fullmatch(inside)
    if variable is None or "${" in (variable[2] or ""):
        raise DotenvError(line, f"cannot read ${{{inside}}}", "single quotes keep a text as it is")
    name, default = variable[1], variable[2]
    colon = inside[len(name) : len(name) + 1] == ":"
    value = known.get(name)
    if default is not None and (value is None or (colon and not value)):
        return default
    if value is None:
        raise DotenvError(line, f"${{{name}}} is not set", f"set {name} above it, or write ${{{name}:-default}}")
    return value


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
