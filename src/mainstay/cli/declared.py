"""What was declared of an app, in words: for `describe`."""

from __future__ import annotations

from mainstay.cli.escaping import escaped
from mainstay.cli.units import binary_text, duration_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IN_WORDS = (
    *("type", "name", "namespace", "env", "program", "binds", "logs", "restart", "health", "limits", "privileges"),
    *("depends_on", "before_start", "before_start_timeout", "after_stop", "schedule", "hooks"),
)
"""What is said elsewhere, or in words of its own."""
_USUAL = ("notify", False)
"""What goes without saying: few programs speak sd_notify."""

_CALLED = {"argv": "command"}
"""What the file calls otherwise than the spec."""


def declared(spec: Mapping[str, object]) -> list[tuple[str, str]]:
    """The spec, in words; the program first, tables last, the environment left to `mainstay env`."""
    program, rest = _mapping(spec.get("program")), [(name, spec[name]) for name in spec if name not in _IN_WORDS]
    said = [(name, value) for name, value in [*program.items(), *rest] if name != "type" and (name, value) != _USUAL]
    pairs = [(_CALLED.get(name, name.replace("_", " ")), _value(name, value)) for name, value in said]
    limits, privileges = _mapping(spec.get("limits")), _mapping(spec.get("privileges"))
    return [
        *pairs,
        ("restart", _restart(_mapping(spec.get("restart")))),
        ("schedule", _schedule(_mapping(spec.get("schedule")))),
        ("logs", _logs(_mapping(spec.get("logs")))),
        ("depends on", ", ".join(_dependency(_mapping(item)) for item in _list(spec.get("depends_on")))),
        ("before start", _before_start(spec)),
        ("after stop", _shell_words(_list(spec.get("after_stop")))),
        ("health", _health(_mapping(spec.get("health")))),
        *((f"max {name}", _limit(name, limits.get(name))) for name in ("memory", "requests", "lifetime")),
        ("watchdog", _limit("watchdog", limits.get("watchdog"))),
        *((name, _value(name, privileges.get(name))) for name in ("user", "group", "groups")),
        ("umask", _umask(privileges.get("umask"))),
        ("nice", str(privileges.get("nice") or "")),
        ("rlimits", ", ".join(_rlimit(_mapping(item)) for item in _list(privileges.get("rlimits")))),
        ("hooks", ", ".join(f"on_{_mapping(item).get('event')}" for item in _list(spec.get("hooks")))),
    ]


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _value(name: str, value: object) -> str:
    match value:
        case None | "" | [] | {}:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return _shell_words(value)
        case float() if name.endswith("_timeout"):
            return duration_text(value)
        case 0 if name == "instances":
            return "one per core"
        case int() if name == "instances" and value < 0:
            return f"one per core, but {-value}"
        case _:
            return escaped(str(value))


def _shell_words(words: Sequence[object]) -> str:
    """A list of arguments as one would type it."""
    from shlex import quote

    return " ".join(escaped(quote(str(word))) for word in words)


def _restart(restart: Mapping[str, object]) -> str:
    """When it is started again, in a sentence."""
    if not restart:
        return ""
    if restart.get("on") == "never":
        return "never"
    nightly = f", reloaded at {restart['schedule']}" if restart.get("schedule") else ""
    when = "after a failure" if restart.get("on") == "failure" else "always"
    longest = f", at most {_duration(restart, 'cap')}" if restart.get("exponential") else ""
    tries = restart.get("give_up_after")
    patience = f"{tries} tries" if tries else "never given up"
    return f"{when}, waiting {_duration(restart, 'first')}{longest}, {patience}{nightly}"


def _duration(table: Mapping[str, object], name: str) -> str:
    value = table.get(name)
    return duration_text(value) if isinstance(value, int | float) else "?"


def _logs(logs: Mapping[str, object]) -> str:
    if not logs:
        return ""
    size, packed = logs.get("rotate"), ", compressed" if logs.get("compress") else ""
    rotation = (
        f"rotated at {binary_text(size)}, {logs.get('keep')} kept{packed}" if isinstance(size, int) and size else ""
    )
    return ", ".join(part for part in (str(logs.get("format", "")), rotation or "never rotated") if part)


def _health(health: Mapping[str, object]) -> str:
    """`GET /healthz every 10 s, at most 2 s, 3 failures`."""
    if not health:
        return ""
    check = _mapping(health.get("check"))
    match check.get("type"):
        case "HttpCheck":
            what = f"GET {check.get('path')}"
        case "TcpCheck":
            what = f"connects to {check.get('address') or 'where it listens'}"
        case _:
            what = _shell_words(_list(check.get("argv")))
    times = f"every {_duration(health, 'interval')}, at most {_duration(health, 'timeout')}"
    return f"{escaped(what)} {times}, {health.get('failures')} failures"


def _schedule(schedule: Mapping[str, object]) -> str:
    if not schedule:
        return ""
    zone = f" in {schedule.get('timezone')}" if schedule.get("timezone") else ""
    timeout = f", at most {_duration(schedule, 'timeout')}" if schedule.get("timeout") else ""
    return f"{schedule.get('cron')}{zone}, overlap: {schedule.get('overlap')}{timeout}"


def _dependency(dependency: Mapping[str, object]) -> str:
    healthy = " (healthy)" if dependency.get("condition") == "healthy" else ""
    return f"{dependency.get('app')}{healthy}"


def _before_start(spec: Mapping[str, object]) -> str:
    argv = _list(spec.get("before_start"))
    return f"{_shell_words(argv)}, at most {_duration(spec, 'before_start_timeout')}" if argv else ""


def _limit(name: str, value: object) -> str:
    if not isinstance(value, int | float) or not value:
        return ""
    match name:
        case "memory":
            return binary_text(round(value))
        case "requests":
            return str(value)
        case _:
            return duration_text(value)


def _umask(value: object) -> str:
    return f"{value:03o}" if isinstance(value, int) and value >= 0 else ""


def _rlimit(limit: Mapping[str, object]) -> str:
    soft, hard = ("unlimited" if limit.get(end) == -1 else str(limit.get(end)) for end in ("soft", "hard"))
    return f"{limit.get('name')} {soft}" + (f" (hard {hard})" if hard != soft else "")
