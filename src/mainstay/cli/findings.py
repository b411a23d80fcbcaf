"""What `doctor` finds: one thing that was looked at, how it is, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is: `warn` costs something, a `problem` keeps apps from running as they should."""

    OK = "ok"
    WARN = "warn"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` names what was looked at; `mend` says what to do where it is not ok."""

    check: str
    level: Level
    text: str
    mend: str = ""


def ok(check: str, text: str) -> Finding:
    """It is as it should be."""
    return Finding(check, Level.OK, text)


def warn(check: str, text: str, mend: str) -> Finding:
    """It works, and something is lost."""
    return Finding(check, Level.WARN, text, mend)


def problem(check: str, text: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(check, Level.PROBLEM, text, mend)


def counted(number: int, noun: str) -> str:
    """`1 worker`, `2 workers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
