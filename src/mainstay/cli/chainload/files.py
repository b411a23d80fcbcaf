"""Reads the .env files of `-f`, by the rules of dotenv: odd lines are told of, and do not stop the command."""

from __future__ import annotations

from dataclasses import dataclass

from mainstay.errors import MainstayError
from mainstay.settings.dotenv import read
from mainstay.settings.environment import REFUSED, VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstay.settings.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class File:
    """What a file says: name -> (value, FILE:LINE), and what is odd about which line."""

    variables: Mapping[str, tuple[str, str]]
    oddities: tuple[str, ...]


def read_file(path: str) -> File:
    """Read one. Raises MainstayError: a file that was asked for must be there, and what it says must be usable."""
    try:
        parsed = read(path)
    except OSError as error:
        hint = "-f takes one file; write it once for each" if "," in path else ""
        raise MainstayError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", hint=hint) from error
    unusable = [odd for odd in parsed.diagnostics if odd.kind.unusable]
    if unusable:
        raise MainstayError("\n".join(_told(path, odd) for odd in unusable))
    if VARIABLE in parsed.last:
        raise MainstayError(
            f"{path}:{parsed.last[VARIABLE].line}: {VARIABLE} {REFUSED}",
            hint=f"`mainstay run {VARIABLE}=NAME ...` says it",
        )
    variables = {name: (found.value or "", f"{path}:{found.line}") for name, found in parsed.last.items()}
    return File(variables, tuple(_told(path, odd) for odd in parsed.diagnostics if not odd.kind.harmless))


def _told(path: str, odd: Diagnostic) -> str:
    return f"{path}:{odd.line}: {odd}"
