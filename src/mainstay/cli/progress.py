"""What is shown while the daemon works: nothing for a moment, then its notices.

On a terminal they are one line that is rewritten, with something that turns. Elsewhere, in the log of whoever runs the
command, they are signs of life: a line a second at most, and one for each app.
"""

from __future__ import annotations

import time

from mainstay.cli.escaping import escaped
from mainstay.cli.terminal import CYAN
from mainstay.cli.width import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstay.cli.terminal import Terminal

_QUIET = 0.3  # seconds; what is over sooner needs no progress
_BETWEEN = 1.0  # seconds from the beginning, and from one line to the next, where lines cannot be rewritten
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_FRAMES = "|/-\\"
_ERASE = "\r\x1b[K"


class Progress:
    """Use as a context manager: what it has drawn is gone at the end."""

    def __init__(
        self, terminal: Terminal, doing: str = "waiting for the daemon", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal = terminal
        self._clock = clock
        self._since = clock()
        self._text = doing
        self._untold: dict[str, str] = {}
        self._told: set[str] = set()
        self._frame = 0
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._terminal.stream.write(_ERASE)
            self._terminal.stream.flush()
            self._drawn = False

    def notice(self, text: str, app: str = "") -> None:
        """The daemon says how it goes."""
        self._text = escaped(text)
        if app not in self._told:
            self._untold.pop(app, None)
            self._untold[app] = self._text
        self.tick()

    def tick(self) -> None:
        """Time has passed."""
        passed = self._clock() - self._since
        if self._terminal.live:
            if passed >= _QUIET:
                self._draw()
        elif passed >= _BETWEEN and self._untold:
            self._tell()

    def _tell(self) -> None:
        """One line, of the app that spoke last."""
        app, text = self._untold.popitem()
        self._told.add(app)
        self._since = self._clock()
        self._terminal.print_all([text])

    def _draw(self) -> None:
        frames = _FRAMES if self._terminal.unicode else _ASCII_FRAMES
        self._frame = (self._frame + 1) % len(frames)
        width = (self._terminal.width or 80) - 3
        text = cut(self._text, width, self._terminal.ellipsis)
        self._terminal.stream.write(f"{_ERASE}{self._terminal.paint(frames[self._frame], CYAN)} {text}")
        self._terminal.stream.flush()
        self._drawn = True
