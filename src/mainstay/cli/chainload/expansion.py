"""Expands `$NAME` and `${NAME...}` in a value, the same on every system: a small part of the POSIX shell's language.

    $NAME  ${NAME}            the value, or nothing where it is not set
    ${NAME:-WORD}             WORD where it is not set or empty;       ${NAME-WORD}   where it is not set
    ${NAME:?MESSAGE}          an error where it is not set or empty;   ${NAME?MESSAGE}
    ${NAME:+WORD}             WORD where it is set and not empty;      ${NAME+WORD}   where it is set
    \\$                        a dollar sign

WORD and MESSAGE are expanded themselves, only when they are needed. A `$` before anything else stays what it is. A
backslash stays too, but right before a `$` (in a WORD also before a `}`): there two stand for one, and one more takes
the meaning away. Errors say where, in characters from 1, and show nothing of the value: it may be a secret.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DEEPEST = 20
"""How far `${A:-${B:-...}}` may go."""

_NAME_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _NAME_START | frozenset("0123456789")
_OPERATORS = ("-", "?", "+")
ESCAPE_HINT = "\\$ stands for a dollar sign"


class ExpansionError(ValueError):
    """A value cannot be expanded; `hint` says what to do about it."""

    def __init__(self, text: str, hint: str = ESCAPE_HINT) -> None:
        super().__init__(text)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Variable:
    """`$NAME`, or `${NAME` operator word `}`; `colon` means that empty counts as not set."""

    name: str
    operator: str = ""
    colon: bool = False
    word: Parts = ()


Parts = tuple[str | Variable, ...]


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with everything filled in. Raises ExpansionError."""
    return fill(parse(text), variables) if "$" in text else text


def parse(text: str) -> Parts:
    """The parts of a value. Raises ExpansionError."""
    parts, _ = _parts(text, 0, 0)
    return parts


def fill(parts: Parts, variables: Mapping[str, str]) -> str:
    """The parts with the variables in their places. Raises ExpansionError for `${NAME?}`."""
    return "".join(part if isinstance(part, str) else _value(part, variables) for part in parts)


def _value(variable: Variable, variables: Mapping[str, str]) -> str:
    value = variables.get(variable.name)
    is_there = value is not None and not (variable.colon and not value)
    match variable.operator:
        case "-" if not is_there:
            return fill(variable.word, variables)
        case "?" if not is_there:
            what = f"{variable.name} is not set{' or is empty' if variable.colon else ''}"
            message = fill(variable.word, variables)
            raise ExpansionError(f"{what}: {message}" if message else what, "")
        case "+":
            return fill(variable.word, variables) if is_there else ""
        case _:
            return value or ""


def _parts(text: str, at: int, depth: int) -> tuple[Parts, int]:
    """The parts from `at` to the end, or inside `${...}` to its `}`; and where that is."""
    special = ("$", "}") if depth else ("$",)
    found: list[str | Variable] = []
    plain = at
    while at < len(text):
        if text[at] == "\\":
            run = _run(text, at)
            if text[at + run : at + run + 1] in special:
                found.append(text[plain:at] + "\\" * (run // 2))
                at = plain = at + run
                at += run % 2  # the character itself is plain text
            else:
                at += run
        elif text[at] == "$" and (variable := _variable(text, at, depth)):
            found += (text[plain:at], variable[0])
            at = plain = variable[1]
        elif depth and text[at] == "}":
            break
        else:
            at += 1
    found.append(text[plain:at])
    return tuple(part for part in found if part), at


def _run(text: str, at: int) -> int:
    """How many backslashes stand there in a row."""
    end = at
    while text[end : end + 1] == "\\":
        end += 1
    return end - at


def _variable(text: str, at: int, depth: int) -> tuple[Variable, int] | None:
    """The variable that begins at the `$`, and where it ends; None when that `$` is plain."""
    if text[at + 1 : at + 2] == "{":
        return _braced(text, at, depth)
    end = _name_end(text, at + 1)
    return (Variable(text[at + 1 : end]), end) if end > at + 1 else None


def _braced(text: str, at: int, depth: int) -> tuple[Variable, int]:
    if depth == DEEPEST:
        raise ExpansionError(f"more than {DEEPEST} ${{...}} inside each other")
    end = _name_end(text, at + 2)
    name = text[at + 2 : end]
    if not name:
        raise ExpansionError(f"no name follows the ${{ of character {at + 1}")
    if text[end : end + 1] == "}":
        return Variable(name), end + 1
    colon = text[end : end + 1] == ":"
    operator = text[end + colon : end + colon + 1]
    if operator not in _OPERATORS:
        if not operator:
            raise ExpansionError(f"the ${{ of character {at + 1} is not closed")
        hint = f"there are ${{NAME}}, ${{NAME:-WORD}}, ${{NAME:?MESSAGE}}, ${{NAME:+WORD}}; {ESCAPE_HINT}"
        raise ExpansionError(f"${{{name}... of character {at + 1} is not understood", hint)
    word, end = _parts(text, end + colon + 1, depth + 1)
    if end == len(text):
        raise ExpansionError(f"the ${{ of character {at + 1} is not closed")
    return Variable(name, operator, colon, word), end + 1


def _name_end(text: str, at: int) -> int:
    if text[at : at + 1] not in _NAME_START:
        return at
    while text[at : at + 1] in _NAME:
        at += 1
    return at
