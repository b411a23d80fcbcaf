"""The text of `describe`: sections of aligned names and values."""

from __future__ import annotations

from mainstay.cli.declared import declared
from mainstay.cli.escaping import escaped, escaped_but_colours, without_colours
from mainstay.cli.render import shown_names, status_style, status_text
from mainstay.cli.terminal import BOLD, CYAN, DIM, RED, YELLOW
from mainstay.cli.units import cpu_text, memory_text, moment_text, seconds_text, until_text, uptime_text
from mainstay.cli.width import pad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.terminal import Terminal
    from mainstay.protocol.shapes import AppDetail, Exit, SlotDetail

_EXITS = 3  # of each slot; --json has them all


def app_sections(app: AppDetail, terminal: Terminal, now: float) -> list[str]:
    """Everything about one app, as lines."""
    lines = [terminal.paint(escaped(app["app"]), f"{BOLD};{CYAN}"), *_overview(app, terminal)]
    if app["differences"]:
        lines += ["", _title("differs from what was declared", terminal)]
        lines += [f"  {terminal.paint(escaped(difference), YELLOW)}" for difference in app["differences"]]
    if app.get("job"):
        lines += ["", _title("runs", terminal), *_runs(app, terminal, now)]
    lines += ["", _title("declared", terminal), *_pairs(declared(app["spec"]), terminal)]
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


def _runs(app: AppDetail, terminal: Terminal, now: float) -> list[str]:
    """When a job is due, and what its last runs came to."""
    job = app["job"]
    assert job is not None
    due = job["next"]
    lines = _pairs(
        [
            ("next", f"{moment_text(due)}, {until_text(due, now)}" if due is not None else "off its schedule"),
            ("then", "another run follows the one under way" if job["queued"] else ""),
            ("skipped", f"{job['skipped']}: the run before had not ended" if job["skipped"] else ""),
        ],
        terminal,
    )
    shown = escaped_but_colours if terminal.colours else without_colours
    bar = terminal.paint("│" if terminal.unicode else "|", DIM)
    for ran in job["runs"]:
        result = terminal.paint(escaped(ran["result"]), "" if ran["ok"] else RED)
        lines.append(f"    {moment_text(ran['began'])}  {result} after {seconds_text(ran['seconds'])}")
        lines += [f"      {bar} {shown(line)}" for line in ran["lines"]]
    return lines


def _title(text: str, terminal: Terminal) -> str:
    return terminal.paint(escaped(text), BOLD)


def _pairs(pairs: Sequence[tuple[str, str]], terminal: Terminal) -> list[str]:
    shown = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0)
    return [f"  {terminal.paint(pad(name, width), DIM)}  {value}" for name, value in shown]
