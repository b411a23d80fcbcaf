"""The text of `describe`: sections of aligned names and values."""

from __future__ import annotations

from mainstay.cli.escaping import escaped, escaped_but_colours, without_colours
from mainstay.cli.render import shown_names, status_style, status_text
from mainstay.cli.terminal import BOLD, CYAN, DIM, RED, YELLOW
from mainstay.cli.units import binary_text, cpu_text, memory_text, moment_text, seconds_text, uptime_text
from mainstay.cli.width import pad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mainstay.cli.terminal import Terminal
    from mainstay.protocol.shapes import AppDetail, Exit, SlotDetail

_EXITS = 3  # of each slot; --json has them all
_UNSHOWN = ("type", "name", "namespace", "env", "program", "binds", "logs", "restart")  # said elsewhere, or below


def app_sections(app: AppDetail, terminal: Terminal, now: float) -> list[str]:
    """Everything about one app, as lines."""
    lines = [terminal.paint(escaped(app["app"]), f"{BOLD};{CYAN}"), *_overview(app, terminal)]
    if app["differences"]:
        lines += ["", _title("differs from what was declared", terminal)]
        lines += [f"  {terminal.paint(escaped(difference), YELLOW)}" for difference in app["differences"]]
    lines += ["", _title("declared", terminal), *_pairs(_declared(app["spec"]), terminal)]
    for slot, name in zip(app["slots"], shown_names(app["slots"]), strict=True):
        shown = name if "@" in name else slot["slot"]
        lines += ["", _title(f"{shown} (number {slot['id']})", terminal), *_slot(slot, terminal, now)]
    return lines


def _overview(app: AppDetail, terminal: Terminal) -> list[str]:
    pairs = [
        ("status", terminal.paint(app["status"], status_style(app["status"]))),
        ("namespace", app["namespace"]),
        ("mode", app["mode"] + (f", on {app['engine']}" if app["engine"] else "")),
        ("generation", str(app["generation"])),
        ("listens on", ", ".join(app["binds"])),
    ]
    template = app["template"]
    if template is not None:
        pid = f", pid {template['pid']}" if template["pid"] else ""
        reason = f": {escaped(template['reason'])}" if template["reason"] else ""
        pairs.append(("template", f"{template['state']}{pid}{reason}"))
    rollout = app["rollout"]
    if rollout is not None:
        share = f", {rollout['share']}% of new connections" if rollout["share"] else ""
        done = f"{rollout['done']} of {rollout['of']} slots"
        pairs.append(("rollout", f"generation {rollout['generation']}, {rollout['state']}{share}, {done}"))
    return _pairs(pairs, terminal)


def _declared(spec: Mapping[str, object]) -> list[tuple[str, str]]:
    """The spec, in words; the program first, tables last, the environment left to `mainstay env`."""
    program, rest = _mapping(spec.get("program")), [(name, spec[name]) for name in spec if name not in _UNSHOWN]
    pairs = [
        (name.replace("_", " "), _value(name, value)) for name, value in [*program.items(), *rest] if name != "type"
    ]
    pairs += [("restart", _restart(_mapping(spec.get("restart")))), ("logs", _logs(_mapping(spec.get("logs"))))]
    return pairs


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
            return f"{value:g} s"
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
    when = "after a failure" if restart.get("on") == "failure" else "always"
    longest = f", at most {_number(restart, 'cap')} s" if restart.get("exponential") else ""
    tries = restart.get("give_up_after")
    return f"{when}, waiting {_number(restart, 'first')} s{longest}, {f'{tries} tries' if tries else 'never given up'}"


def _number(table: Mapping[str, object], name: str) -> str:
    value = table.get(name)
    return f"{value:g}" if isinstance(value, int | float) else "?"


def _logs(logs: Mapping[str, object]) -> str:
    if not logs:
        return ""
    size, packed = logs.get("rotate"), ", compressed" if logs.get("compress") else ""
    rotation = (
        f"rotated at {binary_text(size)}, {logs.get('keep')} kept{packed}" if isinstance(size, int) and size else ""
    )
    return ", ".join(part for part in (str(logs.get("format", "")), rotation or "never rotated") if part)


def _slot(slot: SlotDetail, terminal: Terminal, now: float) -> list[str]:
    style = status_style(slot["status"])
    status = terminal.paint(status_text(slot, now), style)
    use = ", ".join(text for text in (cpu_text(slot["cpu"]), memory_text(slot["memory"])) if text)
    pairs = [
        ("status", status),
        ("pid", str(slot["pid"] or "")),
        ("generation", str(slot["generation"]) if slot["pid"] else ""),
        ("uptime", uptime_text(slot["uptime"])),
        ("ready after", seconds_text(slot["ready_time"])),
        ("restarts", str(slot["restarts"])),
        ("cpu, memory", use),
        ("out", slot["logs"]["out"]),
        ("err", slot["logs"]["err"]),
        ("lost lines", _dropped(slot)),
    ]
    lines = _pairs(pairs, terminal)
    if slot["exits"]:
        lines.append(f"  {terminal.paint('last exits', DIM)}")
        for exit_ in slot["exits"][-_EXITS:]:
            lines += _exit(exit_, slot["generation"], terminal)
    return lines


def _dropped(slot: SlotDetail) -> str:
    dropped = slot["logs"]["dropped"]
    return ", ".join(
        f"{count} of {name}" for name, count in (("out", dropped["out"]), ("err", dropped["err"])) if count
    )


def _exit(exit_: Exit, generation: int, terminal: Terminal) -> list[str]:
    asked = ", as asked" if exit_["asked"] and not exit_["reason"].startswith("replaced: ") else ""
    after = f" after {seconds_text(exit_['uptime'])}" if exit_["uptime"] is not None else ""
    pid = f"pid {exit_['pid']}  " if exit_["pid"] else ""
    of = f" (generation {exit_['generation']})" if exit_["generation"] != generation else ""
    reason = terminal.paint(escaped(exit_["reason"]), "" if exit_["asked"] else RED)
    lines = [f"    {moment_text(exit_['time'])}  {pid}{reason}{after}{asked}{of}"]
    if exit_["asked"]:
        return lines
    bar = terminal.paint("│" if terminal.unicode else "|", RED)
    shown = escaped_but_colours if terminal.colours else without_colours
    return [*lines, *(f"      {bar} {shown(line)}" for line in exit_["lines"])]


def _title(text: str, terminal: Terminal) -> str:
    return terminal.paint(escaped(text), BOLD)


def _pairs(pairs: Sequence[tuple[str, str]], terminal: Terminal) -> list[str]:
    shown = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0)
    return [f"  {terminal.paint(pad(name, width), DIM)}  {value}" for name, value in shown]
