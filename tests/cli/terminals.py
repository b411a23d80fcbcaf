"""Terminals for tests of what is drawn: of a given width, with or without colours and box drawing."""

import io

from mainstay.cli.terminal import Terminal


class _Screen(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a StringIO has none
        return "utf-8"


def screen(columns: int = 80, **environ: str) -> Terminal:
    """A terminal without colours, unless `NO_COLOR=""` asks for them."""
    given = {"TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": "1"} | environ
    return Terminal(_Screen(is_terminal=True), given)


def pipe(**environ: str) -> Terminal:
    """Not a terminal."""
    return Terminal(_Screen(is_terminal=False), {"TERM": "xterm"} | environ)


def written(terminal: Terminal) -> str:
    """What was printed to it."""
    stream = terminal.stream
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()
