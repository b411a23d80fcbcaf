"""An event as `events` and `describe` print it: one line, safe for a terminal."""

from __future__ import annotations

from mainstay.cli.escaping import escaped
from mainstay.cli.terminal import CYAN, DIM, GREEN, RED, YELLOW
from mainstay.cli.units import moment_text
from mainstay.cli.width import display_width, pad
from mainstay.model.happening import Kind, Level

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Terminal
    from mainstay.client.events import Event

_STYLES = {Level.ERROR.value: RED, Level.WARNING.value: YELLOW, Level.INFO.value: ""}
_GOOD = (Kind.READY.value, Kind.RELOAD.value, Kind.RECOVERED.value, Kind.START.value)
_WORDS = {kind.value: kind.words for kind in Kind}
_KINDS = max(len(words) for words in _WORDS.values())


class EventLines:
    """`2026-11-23 12:00:01  crashed  web-0  web-0@1 (pid 4123) ended: killed by SIGKILL`."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._width = 0

    def learn(self, events: list[Event]) -> None:
        """What will be printed, so that it lines up."""
        self._width = max([self._width, *(display_width(_place(event)) for event in events)])

    def __call__(self, event: Event) -> str:
        """The line to print."""
        paint = self._terminal.paint
        kind = event.text("event")
        style = GREEN if kind in _GOOD else _STYLES.get(event.text("level"), "")
        words = paint(pad(escaped(_WORDS.get(kind, kind)), _KINDS), style)
        place = paint(pad(_place(event), self._width), CYAN)
        when = paint(moment_text(event.time), DIM)
        return f"{when}  {words}  {place}  {escaped(event.text('text'))}{self._by(event)}"

    def _by(self, event: Event) -> str:
        """Who asked for it."""
        uid = event.told.get("uid")
        if not isinstance(uid, int):
            return ""
        from mainstay.client.home import user_name

        return self._terminal.paint(f" (by {escaped(user_name(uid))})", DIM)


def _place(event: Event) -> str:
    return escaped(event.text("slot") or event.text("app") or "mainstay")
