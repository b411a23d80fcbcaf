"""Variables and where each comes from: the columns on the left of their values, for `env` and for `run --print`."""

from __future__ import annotations

from mainstay.cli.escaping import escaped
from mainstay.cli.terminal import BOLD, CYAN, DIM
from mainstay.cli.width import display_width, pad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.terminal import Terminal


def name_and_source(rows: Sequence[tuple[str, str]], terminal: Terminal) -> tuple[list[str], int]:
    """`NAME  source  ` of each, ready for its value; and how wide they are, all the same."""
    shown = [(escaped(name), escaped(source)) for name, source in rows]
    names = max((display_width(name) for name, _ in shown), default=0)
    sources = max((display_width(source) for _, source in shown), default=0)
    lines = [
        f"{terminal.paint(pad(name, names), f'{BOLD};{CYAN}')}  {terminal.paint(pad(source, sources), DIM)}  "
        for name, source in shown
    ]
    return lines, names + sources + 4
