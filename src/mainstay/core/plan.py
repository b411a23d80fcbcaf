"""The difference between what is declared and what runs, and the gentlest way to make each change true."""

from dataclasses import dataclass, fields, replace
from enum import IntEnum

from mainstay.model.spec import AppSpec, Bind, Command, EnvLayer, PythonApp


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

_LIVE = {"instances", "start_timeout", "stop_timeout", "stop_signal", "parallel", "restart", "logs", "namespace"}
_SILENT = {"source"}


def compare(old: AppSpec, new: AppSpec) -> tuple[Change, ...]:
    """What has to change for an app of spec `old` to be one of spec `new`."""
    changes: list[Change] = []
    for f in fields(AppSpec):
        before, after = getattr(old, f.name), getattr(new, f.name)
        if before == after:
            continue
        if f.name == "env":
            changes += _compare_env(old.env, new.env)
        elif f.name == "binds":
            changes.append(Change("bind", Way.RESTART, f"bind {_list(old.binds)} -> {_list(new.binds)}"))
        elif f.name == "program":
            changes += _compare_program(old, new)
        elif f.name in _SILENT:
            changes.append(Change(f.name, Way.SILENT, f"{f.name} {before or 'none'} -> {after or 'none'}"))
        elif f.name in _LIVE:
            changes.append(Change(f.name, Way.LIVE, _text(f.name, before, after)))
        else:
            changes.append(Change(f.name, Way.ROLLING, _text(f.name, before, after)))
    return tuple(changes)


def way_of(changes: tuple[Change, ...]) -> Way:
    """The way that all of these changes need together."""
    return max((change.way for change in changes), default=Way.SILENT)


def keep_ambient(old: AppSpec, new: AppSpec) -> AppSpec:
    """The new spec, with what the processes that run took from where they were started."""
    kept = {layer.source: layer for layer in old.env if layer.source in AMBIENT}
    return replace(new, env=tuple(kept.get(layer.source, layer) for layer in new.env))


def _text(key: str, before: object, after: object) -> str:
    if isinstance(before, int | float | str):
        return f"{key} {before} -> {after}"
    return f"{key} changed"


def _list(binds: tuple[Bind, ...]) -> str:
    return ", ".join(str(bind) for bind in binds) or "none"


def _compare_program(old: AppSpec, new: AppSpec) -> list[Change]:
    before, after = old.program, new.program
    if isinstance(before, PythonApp) and isinstance(after, PythonApp):
        pairs = [(f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(PythonApp)]
        return [Change(key, Way.ROLLING, f"{key} {_plain(a)} -> {_plain(b)}") for key, a, b in pairs if a != b]
    if isinstance(before, Command) and isinstance(after, Command):
        return [Change("command", Way.ROLLING, "command changed")]
    return [Change("program", Way.RESTART, "another kind of program")]


def _plain(value: object) -> object:
    return getattr(value, "value", value)


def _compare_env(old: tuple[EnvLayer, ...], new: tuple[EnvLayer, ...]) -> list[Change]:
    before = {name: value for layer in old if layer.source not in AMBIENT for name, value in layer.values.items()}
    after = {name: value for layer in new if layer.source not in AMBIENT for name, value in layer.values.items()}
    if before == after:
        return []
    added = [f"+{name}" for name in sorted(after.keys() - before.keys())]
    removed = [f"-{name}" for name in sorted(before.keys() - after.keys())]
    changed = [f"~{name}" for name in sorted(before.keys() & after.keys()) if before[name] != after[name]]
    return [Change("env", Way.ROLLING, "env " + " ".join(added + removed + changed))]
