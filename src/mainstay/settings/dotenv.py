"""Reading .env files: the one place that does it, for apps that load their own and for `env_files` of a mainstay.toml.

    parsed = parse('NAME="value"')
    parsed.values          {"NAME": "value"}
    parsed.diagnostics     what is odd about which line

Nothing is printed, and no variable is set.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from mainstay.settings.diagnostics import Assignment, Diagnostic, DotenvError, Kind, Parsed
from mainstay.settings.expansion import Known

Dialect = Literal["dotenv", "python-dotenv", "shell"]

_NOT_UTF8 = "\ufffd"
_ENCRYPTED = "encrypted:"
"""What dotenvx puts before a value that it alone can read."""


def parse(
    source: str | bytes, *, dialect: Dialect = "dotenv", known: Known | None = None, strict: bool = False
) -> Parsed:
    """What the text of a .env file says. `known`: what its `${NAME}` may mean, in the dialects that expand any.

    Bytes are UTF-8. With `strict` everything odd is an error: DotenvError, with all of it.
    """
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    parsed = _parsed(text, dialect, known or Known())
    found = [*parsed.diagnostics, *_of_text(source, text), *_of_values(parsed.assignments)]
    odd = sorted(found, key=lambda one: (one.line, one.name, one.text))
    if strict and odd:
        raise DotenvError(".env", tuple(odd))
    return replace(parsed, diagnostics=tuple(odd))


def read(
    path: str | os.PathLike[str], *, dialect: Dialect = "dotenv", known: Known | None = None, strict: bool = False
) -> Parsed:
    """As `parse`, of a file. Raises OSError when it cannot be read."""
    with open(path, "rb") as file:
        source = file.read()
    if dialect == "python-dotenv":  # it opens files as text, where each line end becomes a line feed
        source = re.sub(b"\r\n?", b"\n", source)
    try:
        return parse(source, dialect=dialect, known=known, strict=strict)
    except DotenvError as error:
        raise DotenvError(os.fspath(path), error.diagnostics) from None


def _parsed(text: str, dialect: Dialect, known: Known) -> Parsed:
    if dialect == "dotenv":
        from mainstay.settings import dialect_dotenv

        return dialect_dotenv.parse(text)
    text = text.removeprefix("\ufeff")
    if dialect == "python-dotenv":
        from mainstay.settings import dialect_python

        return dialect_python.parse(text, known)
    if dialect == "shell":
        from mainstay.settings import dialect_shell

        return dialect_shell.parse(text, known)
    raise ValueError(f"no dialect is called {dialect!r}: there are dotenv, python-dotenv and shell")


def _of_text(source: str | bytes, text: str) -> Iterator[Diagnostic]:
    """What is odd about the text as a whole, once each."""
    if text.startswith("\ufeff"):
        yield Diagnostic(1, "", "the file begins with a byte order mark", "save it as UTF-8 without one", Kind.BOM)
    if "\r" in text:
        line = len(re.findall("\r\n?|\n", text[: text.index("\r")])) + 1
        yield Diagnostic(line, "", "lines end with a carriage return", "save it with line feeds", Kind.LINE_ENDS)
    if isinstance(source, bytes) and _NOT_UTF8 in text and not _is_utf8(source):
        line = text.count("\n", 0, text.index(_NOT_UTF8)) + 1
        yield Diagnostic(line, "", "not UTF-8 text", "save it as UTF-8", Kind.NOT_UTF8)


def _of_values(assignments: tuple[Assignment, ...]) -> Iterator[Diagnostic]:
    lines: dict[str, int] = {}
    for found in assignments:
        if "\0" in (found.value or "") or "\0" in found.name:
            yield Diagnostic(found.line, found.name, "has a NUL character", "no variable can hold one", Kind.NUL)
        if (found.value or "").startswith(_ENCRYPTED):
            hint = "decrypt the file first, as `dotenvx decrypt` does, or start the program with `dotenvx run`"
            yield Diagnostic(found.line, found.name, "its value is encrypted", hint, Kind.ENCRYPTED)
        if found.name in lines:
            text = f"is in line {lines[found.name]} too, and this one counts"
            yield Diagnostic(found.line, found.name, text, "", Kind.DUPLICATE)
        lines[found.name] = found.line


def _is_utf8(source: bytes) -> bool:
    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
