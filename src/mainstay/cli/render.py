"""The table of slots that `list` shows and that other commands end with, and the remarks under it."""

from __future__ import annotations

from mainstay.cli.table import Cell, Column, table_lines
from mainstay.cli.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW
from mainstay.cli.units import cpu_text, memory_text, until_text, uptime_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mainstay.cli.terminal import Terminal
    from mainstay.protocol.shapes import Ran, Row

_STATUS_STYLES = {
    "online": GREEN,
    "launching": YELLOW,
    "stopping": YELLOW,
    "waiting restart": YELLOW,
    "errored": RED,
    "stopped": DIM,
    "scheduled": CYAN,
}

_FAULTS = {"waiting restart": "keeps failing", "errored": "has been given up"}


def slot_table(rows: Sequence[Row], terminal: Terminal, now: float, told: Collection[str] = ()) -> list[str]:
    """The table and, under it, a line for each app that needs a word. `now` in epoch seconds.

    `told` are the apps of whose rollout enough has been said.
    """
    return [*table_lines(_columns(rows, terminal, now), terminal), *_remarks(rows, terminal, told)]


def status_style(status: str) -> str:
    """The colour of a status."""
    return _STATUS_STYLES.get(status, "")


def status_text(row: Row, now: float) -> str:
    """The status with its marks and, while it waits, the time of the next try."""
    words = [row["status"], *row["marks"]]
    planned = row.get("schedule")
    if planned and planned["next"] is not None and row["status"] == "scheduled":
        words.append(until_text(planned["next"], now))
    if planned and planned["last"]:
        words.append(f"last: {planned['last']['result']}, {_ago(planned['last'], now)}")
    if row["next_try"] is not None:
        words.append(until_text(row["next_try"], now))
    return ", ".join(words)


def _ago(ran: Ran, now: float) -> str:
    return f"{uptime_text(now - ran['began'])} ago"


def shown_names(rows: Sequence[Row]) -> list[str]:
    """What rows are called: the app where it has one slot, the slot otherwise. Both work as selectors.

    The rows of a slot whose worker is being replaced are told apart by their generation: `web-0@7`.
    """
    generations: dict[str, int] = {}
    slots: dict[str, set[str]] = {}
    for row in rows:
        generations[row["slot"]] = generations.get(row["slot"], 0) + 1
        slots.setdefault(row["app"], set()).add(row["slot"])

    def name(row: Row) -> str:
        if generations[row["slot"]] > 1:
            return f"{row['slot']}@{row['generation']}"
        return row["app"] if row["index"] == 0 and len(slots[row["app"]]) == 1 else row["slot"]

    return [name(row) for row in rows]


def _columns(rows: Sequence[Row], terminal: Terminal, now: float) -> list[Column]:
    def of(style: str, texts: list[str]) -> list[Cell]:
        return [(text, style) for text in texts]

    statuses = [
        (status_text(row, now), YELLOW if row["marks"] and row["status"] == "online" else status_style(row["status"]))
        for row in rows
    ]
    restarts = [(str(row["restarts"]), YELLOW if row["restarts"] else "") for row in rows]
    columns = [
        Column("id", of(CYAN, [str(row["id"]) for row in rows]), right=True, rank=2),
        Column("name", of(BOLD, shown_names(rows)), shrinks=6),
        Column("namespace", of("", [row["namespace"] for row in rows]), rank=7, shrinks=9),
        Column("mode", of("", [row["mode"] for row in rows]), rank=8),
        Column("pid", of("", [str(row["pid"] or "") for row in rows]), right=True, rank=6),
        Column("uptime", of("", [uptime_text(row["uptime"]) for row in rows]), right=True, rank=3),
        Column("↺" if terminal.unicode else "restarts", restarts, right=True, rank=4),
        Column("status", statuses, shrinks=8),
        Column("cpu", of("", [cpu_text(row["cpu"]) for row in rows]), right=True, rank=5),
        Column("memory", of("", [memory_text(row["memory"]) for row in rows]), right=True, rank=4),
    ]
    if len({row["namespace"] for row in rows}) < 2:
        del columns[2]
    return columns


def _remarks(rows: Sequence[Row], terminal: Terminal, told: Collection[str]) -> list[str]:
    by_app: dict[str, list[Row]] = {}
    for row in rows:
        by_app.setdefault(row["app"], []).append(row)
    remarks = []
    for app, slots in by_app.items():
        remarks += [_rollout_remark(app, row["rollout"]) for row in slots if row["rollout"] and app not in told][:1]
        remarks += [_fault_remark(app, row["status"]) for row in slots if row["status"] in _FAULTS][:1]
    return [terminal.paint(remark, YELLOW) for remark in remarks]


def _fault_remark(app: str, status: str) -> str:
    return f"{app} {_FAULTS[status]}: `mainstay describe {app}` shows why"


def _rollout_remark(app: str, rollout: str) -> str:
    if rollout.startswith("canary"):
        share = rollout.removeprefix("canary").strip()
        return f"{app}: canary with {share} of new connections (`reload {app} --continue` or `--abort`)"
    return f"{app} is being reloaded: {rollout}"
