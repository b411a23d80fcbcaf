"""What single keys cannot tell: which keys of an app go together, and which have to be there."""

from collections.abc import Iterator, Mapping
from typing import Any

from mainstay.config import schema
from mainstay.config.document import KeyPath
from mainstay.config.key import Key, Values

Mistake = tuple[KeyPath, str, str]
"""The key, seen from the app's table; what is wrong; and how to mend it."""

_NOT_FOR_JOBS: tuple[tuple[str, str], ...] = (
    ("bind", "a job serves nobody"),
    ("instances", "one run at a time is all there is"),
    ("health", "nothing of it runs between two times"),
)


def mistakes(read: Values, written: Mapping[str, object]) -> Iterator[Mistake]:
    """All that is wrong with the keys of one app as a whole. `written`: its table, as it is in the file."""
    programs = [key.name for key in schema.PROGRAMS if key.name in written]
    yield from _programs(programs)
    if len(programs) == 1:
        yield from _only_for(programs[0], read, written)
    if "schedule" in written:
        yield from _schedule(read, written)
    if "health" in written:
        yield from _health(read, written)
    if schema.RESTART_CAP in read or schema.RESTART_FIRST in read:
        first, cap = read[schema.RESTART_FIRST], read[schema.RESTART_CAP]
        if first > cap:
            at = ("restart", "first" if schema.RESTART_FIRST in read else "cap")
            yield at, f"the first wait ({first:g} s) is longer than the longest ({cap:g} s)", ""


def _programs(programs: list[str]) -> Iterator[Mistake]:
    if not programs:
        yield (), "says nothing to run", "write `app`, `command` or `script`"
    for other in programs[1:]:
        yield (other,), f"not together with `{programs[0]}`", "an app runs one thing"


def _only_for(program: str, read: Values, written: Mapping[str, object]) -> Iterator[Mistake]:
    told: set[str] = set()
    for key in schema.KEYS:
        table = key.name.partition(".")[0]
        is_there = key in read or key.name in written
        if not (key.only_for and is_there) or program in key.only_for or table in told:
            continue
        told.add(table)
        only = " or ".join(f"`{name}`" for name in key.only_for)
        yield _as_written(key, written), f"goes with {only} only, not with `{program}`", ""


def _schedule(read: Values, written: Mapping[str, object]) -> Iterator[Mistake]:
    if isinstance(written["schedule"], dict) and "cron" not in written["schedule"]:
        yield ("schedule",), "does not say when", 'write cron = "0 3 * * *"'
    for word, why in _NOT_FOR_JOBS:
        if word in written:
            yield (word,), f"not together with `schedule`: {why}", ""
    if schema.RESTART_SCHEDULE in read:
        yield ("restart", "schedule"), "not together with `schedule`: a job is not reloaded", ""


def _health(read: Values, written: Mapping[str, object]) -> Iterator[Mistake]:
    table = written["health"]
    kinds = [key for key in schema.CHECKS if key in read]
    tried = isinstance(table, dict) and any(key.name.removeprefix("health.") in table for key in schema.CHECKS)
    if isinstance(table, dict) and not tried:
        yield ("health",), "does not say what is looked at", "write `path`, `tcp` or `command`"
    for other in kinds[1:]:
        yield _as_written(other, written), f"not together with `{kinds[0].name}`", "one check tells whether it is well"


def _as_written(key: Key[Any], written: Mapping[str, object]) -> KeyPath:  # Any: see schema.KEYS
    """Where the key stands: that of its table when it was written short."""
    table, _, name = key.name.partition(".")
    return (table, name) if name and isinstance(written.get(table), dict) else (table,)
