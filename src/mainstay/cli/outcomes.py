"""What came of each app, in one line and what belongs below it: the same sentences whatever the command."""

from __future__ import annotations

from mainstay.cli.escaping import escaped
from mainstay.cli.terminal import BOLD, GREEN, RED, YELLOW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mainstay.cli.terminal import Console, Terminal
    from mainstay.protocol.shapes import Outcome

_STYLES = {
    "started": GREEN,
    "reloaded": GREEN,
    "restarted": GREEN,
    "scaled": GREEN,
    "scheduled": GREEN,
    "ran": GREEN,
    "changed": YELLOW,
    "canary": YELLOW,
    "aborted": YELLOW,
    "failed": RED,
}

_UNCHANGED = {
    "stop": "was stopped already",
    "scale": "has that many instances, nothing changed",
    "": "already runs, nothing changed",
}
"""What it means, for each verb, that there was nothing to do."""


class Manner:
    """How outcomes are told: for which verb of the daemon, with which signal, and where apps can be reached."""

    def __init__(self, verb: str, *, signal: str = "a signal", places: Mapping[str, str] | None = None) -> None:
        self.verb = verb
        self.signal = signal
        self.places = places or {}


def show_outcomes(outcomes: Sequence[Outcome], manner: Manner, console: Console) -> None:
    """Print a line for each app, with what was changed, or is to be decided, under it; those that failed on stderr."""
    for outcome in outcomes:
        terminal = console.err if outcome["outcome"] == "failed" else console.out
        terminal.print(*_lines(outcome, manner, terminal))


def _lines(outcome: Outcome, manner: Manner, terminal: Terminal) -> list[str]:
    kind = outcome["outcome"]
    word, rest = _words(outcome, manner)
    line = f"{terminal.paint(escaped(outcome['app']), BOLD)} {terminal.paint(word, _STYLES.get(kind, ''))}{rest}"
    more = [] if kind == "scaled" else [escaped(change) for change in outcome["changes"]]
    if kind == "canary":
        more.append(f"`mainstay reload {outcome['app']} --continue` or `--abort`")
    return [line, *(f"  {text}" for text in more)]


def _words(outcome: Outcome, manner: Manner) -> tuple[str, str]:
    """What follows the app's name: the word that counts, and the rest."""
    app, message = outcome["app"], escaped(outcome["message"])
    match outcome["outcome"]:
        case "started":
            place = manner.places.get(app)
            return "started", (f", serves {place}" if place else "") + (f" ({message})" if message else "")
        case "unchanged" if message and manner.verb not in _UNCHANGED:
            return "", message
        case "unchanged":
            return "", _UNCHANGED.get(manner.verb, _UNCHANGED[""])
        case "deleted" if manner.verb == "kill":
            return "stopped", f": {message}" if message else ""
        case "scaled":
            return "scaled", "".join(f", {escaped(change)}" for change in outcome["changes"])
        case "canary":
            return "holds", message.removeprefix("holds")
        case "aborted":
            return "serves as before", f", {message}" if message else ""
        case "signalled":
            reached = "1 worker" if message.startswith("1 ") else message
            return "got", f" {manner.signal}, {reached}"
        case "reset":
            return "", "counts its restarts from 0"
        case word:
            return word, f": {message}" if message else ""
