"""A line of an app's output as `logs` prints it."""

from __future__ import annotations

from mainstay.cli.escaping import escaped_but_colours, without_colours
from mainstay.cli.terminal import BLUE, CYAN, GREEN, MAGENTA, RED, YELLOW
from mainstay.cli.units import rfc3339
from mainstay.cli.width import display_width, pad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.terminal import Terminal
    from mainstay.client.logs import Line, Stream

_COLOURS = (CYAN, MAGENTA, GREEN, YELLOW, BLUE, "96", "95", "92", "93", "94")


class Prefixed:
    """`web-0 | text`, the app in its own colour; `web-0 ! text`, or another mark, for what went to stderr."""

    def __init__(self, terminal: Terminal, err_mark: str = "!") -> None:
        self._terminal = terminal
        self._err_mark = err_mark
        self._colours: dict[str, str] = {}
        self._width = 0

    def learn(self, streams: Sequence[Stream]) -> None:
        """What there is, so that prefixes line up and colours do not depend on who writes first."""
        for stream in streams:
            self._colours.setdefault(stream.app, _COLOURS[len(self._colours) % len(_COLOURS)])
            if stream.index >= 0:  # templates write seldom: no room is kept for their long names
                self._width = max(self._width, display_width(stream.slot))

    def __call__(self, line: Line) -> str:
        """The line to print."""
        paint, stream = self._terminal.paint, line.stream
        name = paint(pad(stream.slot, self._width), self._colours.get(stream.app, ""))
        mark = paint(self._err_mark, RED) if stream.stream == "err" else paint("|", "2")
        return f"{name} {mark} {shown_text(line, self._terminal)}"


def shown_text(line: Line, terminal: Terminal) -> str:
    """The text alone: safe for a terminal; in a pipe just what the app wrote."""
    if not terminal.is_terminal:
        return line.text
    text = line.text.removesuffix("\r")
    return escaped_but_colours(text) if terminal.colours else without_colours(text)


def json_line(line: Line) -> str:
    """`{"time", "app", "slot", "stream", "line"}`; the time in UTC (RFC 3339)."""
    from mainstay.protocol.jsontext import dumps

    stream = line.stream
    return dumps(
        {
            "time": rfc3339(line.time),
            "app": stream.app,
            "slot": stream.slot,
            "stream": stream.stream,
            "line": line.text,
        }
    )
