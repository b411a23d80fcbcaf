"""The difference between what is declared and what runs, and the gentlest way to make each change true."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import Enum, IntEnum

from mainstay.model.spec import AppSpec, Bind, Command, EnvLayer, Program, PythonApp, Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Way(IntEnum):
    """How a change is made true; the greatest of an app's changes decides."""

    SILENT = 0
    LIVE = 1
    ROLLING = 2
    RESTART = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that differs. `text` never holds the value of a variable."""

    key: str
    way: Way
    text: str

    def __str__(self) -> str:
        return f"{self.text} ({self.way.name.lower()})" if self.way else self.text


AMBIENT = ("base", "shell")
"""Layers that come from where a command was typed: that they differ is no change of what was declared."""

WAYS: dict[str, Way] = {
    "source": Way.SILENT,
    "instances": Way.LIVE,
    "namespace": Way.LIVE,
    "start_timeout": Way.LIVE,
    "stop_signal": Way.LIVE,
    "parallel": Way.LIVE,
    "health": Way.LIVE,
    "depends_on": Way.LIVE,
    "before_start_timeout": Way.LIVE,
    "after_stop": Way.LIVE,
    "hooks": Way.LIVE,
    "restart": Way.LIVE,
    "logs": Way.LIVE,
    "logs.out": Way.ROLLING,
    "logs.err": Way.ROLLING,
    "limits": Way.LIVE,
    "stop_timeout": Way.LIVE,
    "cwd": Way.ROLLING,
    "environment": Way.ROLLING,
    "trusted_proxy": Way.ROLLING,
    "privileges": Way.ROLLING,
    "before_start": Way.ROLLING,
}
"""How a change of each field, or of a part of one, is made true. What is not here is looked at closer by `compare`."""
TOLD_AT_START: dict[str, type[Program]] = {"stop_timeout": PythonApp, "limits.watchdog": Command}
"""What such a program learns only when it starts: our runtime how long it may drain, others `WATCHDOG_USEC`."""

_NAMES = {"limits.memory": "max_memory", "limits.requests": "max_requests", "limits.lifetime": "max_lifetime"}
"""As the file has it, where that is not the last word."""
_FLAT = ("limits", "privileges")
_PARTED = ("restart", "logs", "limits", "privileges")
"""Fields whose parts are compared one by one."""


def compare(old: AppSpec, new: AppSpec) -> tuple[Change, ...]:
    """What has to change for an app of spec `old` to be one of spec `new`."""
    changes: list[Change] = []
    for f in fields(AppSpec):
        before, after = getattr(old, f.name), getattr(new, f.name)
        if before == after:
            continue
        match f.name:
            case "env":
                changes += _compare_env(old.env, new.env)
            case "binds":
                changes.append(Change("bind", Way.RESTART, f"bind {_list(old.binds)} -> {_list(new.binds)}"))
            case "program":
                changes += _compare_program(old, new)
            case "schedule":
                changes.append(_compare_schedule(old.schedule, new.schedule))
            case name if name in _PARTED:
                changes += _compare_parts(name, before, after, new.program)
            case name:
                changes.append(Change(name, _way(name, new.program), _text(name, before, after)))
    return tuple(changes)


def _way(path: str, program: Program) -> Way:
    """That of a field, or of a part of one where it has a way of its own."""
    if path in TOLD_AT_START and isinstance(program, TOLD_AT_START[path]):
        return Way.ROLLING
    return WAYS.get(path, WAYS.get(path.partition(".")[0], Way.ROLLING))


def _compare_parts(name: str, before: object, after: object, program: Program) -> list[Change]:
    """The parts that differ of two values of one dataclass."""
    found = []
    for f in fields(before):  # type: ignore[arg-type]  # a dataclass: see _PARTED
        one, two = getattr(before, f.name), getattr(after, f.name)
        if one != two:
            path = f"{name}.{f.name}"
            key = _NAMES.get(path, f.name if name in _FLAT else path)
            write = _AS_WRITTEN.get(key, _plain)
            found.append(Change(key, _way(path, program), _text(key, write(one), write(two))))
    return found


def _octal(umask: int) -> str:
    return f"{umask:03o}" if umask >= 0 else ""


def _size(size: int) -> str:
    return f"{size / 1024**2:g}MiB" if size else "never"


def _or_never(value: float) -> str:
    return f"{value:g}" if value else "never"


# Any: each is given the values of its own key.
_AS_WRITTEN: "dict[str, Callable[[Any], object]]" = {
    "umask": _octal,
    "logs.rotate": _size,
    "max_memory": _size,
    "max_requests": _or_never,
    "max_lifetime": _or_never,
    "watchdog": _or_never,
    "restart.give_up_after": _or_never,
}
"""Parts that are written in another way than they are kept."""


def _compare_schedule(before: Schedule | None, after: Schedule | None) -> Change:
    """A job that stays one is due at other times; what was none, or is none any more, runs in another way."""
    if before is None or after is None:
        was, becomes = ("no", "a") if before is None else ("a", "no")
        return Change("schedule", Way.RESTART, f"schedule: was {was} job, becomes {becomes} job")
    return Change("schedule", Way.LIVE, _text("schedule", before.cron, after.cron))


def way_of(changes: tuple[Change, ...]) -> Way:
    """The way that all of these changes need together."""
    return max((change.way for change in changes), default=Way.SILENT)


def keep_ambient(old: AppSpec, new: AppSpec) -> AppSpec:
    """The new spec, with what the processes that run took from where they were started."""
    kept = {layer.source: layer for layer in old.env if layer.source in AMBIENT}
    return replace(new, env=tuple(kept.get(layer.source, layer) for layer in new.env))


def _text(key: str, before: object, after: object) -> str:
    before, after = _plain(before), _plain(after)
    if isinstance(before, int | float | str) and isinstance(after, int | float | str) and before != after:
        return f"{key} {_shown(before)} -> {_shown(after)}"
    return f"{key} changed"


def _shown(value: float | str) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value) or "none"


def _list(binds: tuple[Bind, ...]) -> str:
    return ", ".join(str(bind) for bind in binds) or "none"


def _compare_program(old: AppSpec, new: AppSpec) -> list[Change]:
    before, after = old.program, new.program
    if isinstance(before, PythonApp) and isinstance(after, PythonApp):
        pairs = [(f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(PythonApp)]
        return [Change(key, Way.ROLLING, _text(key, a, b)) for key, a, b in pairs if a != b]
    if isinstance(before, Command) and isinstance(after, Command):
        return [Change("command", Way.ROLLING, "command changed")]
    return [Change("program", Way.RESTART, "another kind of program")]


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _compare_env(old: tuple[EnvLayer, ...], new: tuple[EnvLayer, ...]) -> list[Change]:
    before = {name: value for layer in old if layer.source not in AMBIENT for name, value in layer.values.items()}
    after = {name: value for layer in new if layer.source not in AMBIENT for name, value in layer.values.items()}
    if before == after:
        return []
    added = [f"+{name}" for name in sorted(after.keys() - before.keys())]
    removed = [f"-{name}" for name in sorted(before.keys() - after.keys())]
    changed = [f"~{name}" for name in sorted(before.keys() & after.keys()) if before[name] != after[name]]
    return [Change("env", Way.ROLLING, "env " + " ".join(added + removed + changed))]
