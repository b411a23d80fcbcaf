"""What an output stream can show: colours, box drawing, how wide. The only place that asks the environment about it."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TextIO

BOLD = "1"
DIM = "2"
RED = "31"
GREEN = "32"
YELLOW = "33"
BLUE = "34"
MAGENTA = "35"
CYAN = "36"


class NotWritten(OSError):
    """The output did not go where it was sent: a full disk."""


class Terminal:
    """One output stream. `live` means that lines can be rewritten, `unicode` that box drawing comes out right."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self.stream = stream
        self._environ = environ
        self.is_terminal = stream.isatty()
        dumb = environ.get("TERM", "") in ("dumb", "")
        self.live = self.is_terminal and not dumb
        self.colours = _colours(environ, self.live)
        self.unicode = self.is_terminal and (stream.encoding or "").lower().replace("-", "") == "utf8"

    @property
    def width(self) -> int | None:
        """Columns, asked anew each time as windows change; None when the text goes to a pipe or file."""
        return self._size()[0] if self.is_terminal else None

    @property
    def height(self) -> int | None:
        """Lines; None when the text goes to a pipe or file."""
        return self._size()[1] if self.is_terminal else None

    @property
    def ellipsis(self) -> str:
        """What stands for the rest of a text that was cut."""
        return "…" if self.unicode else "..."

    def paint(self, text: str, style: str) -> str:
        """The text in a style (SGR parameters such as `1;36`), or as it is where there are no colours."""
        return f"\x1b[{style}m{text}\x1b[0m" if style and text and self.colours else text

    def print(self, *lines: str) -> None:
        """Write lines. Raises NotWritten, or BrokenPipeError when nobody reads them any more."""
        _try(lambda: self.stream.write("".join(f"{line}\n" for line in lines)))

    def print_all(self, lines: Iterable[str]) -> None:
        """Write lines and let them be seen at once."""
        self.print(*lines)
        _try(self.stream.flush)

    def _size(self) -> tuple[int, int]:
        try:
            columns, lines = os.get_terminal_size(self.stream.fileno())
        except (OSError, ValueError):
            columns, lines = 0, 0
        asked = self._environ.get("COLUMNS", "")
        if asked.isdecimal() and int(asked) > 0:
            columns = int(asked)
        return columns or 80, lines or 24


class Console:
    """Both streams of a command: results go to `out`, what is said about them to `err`."""

    def __init__(self, out: Terminal, err: Terminal) -> None:
        self.out = out
        self.err = err

    @classmethod
    def standard(cls) -> Console:
        """The process's own stdout and stderr, with characters they cannot show escaped."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        return cls(Terminal(sys.stdout, os.environ), Terminal(sys.stderr, os.environ))


def _try(write: Callable[[], object]) -> None:
    try:
        write()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotWritten(error.errno, error.strerror) from error


def _colours(environ: Mapping[str, str], live: bool) -> bool:
    """no-color.org and force-color.org; the first wins, as in Python itself."""
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR", "")
    return live if forced in ("", "0") else True
