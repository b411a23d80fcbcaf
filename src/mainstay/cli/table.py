"""A table with borders that fits the terminal: first columns go, in the order of their rank, then texts are cut."""

from __future__ import annotations

from mainstay.cli.terminal import BOLD, CYAN, DIM
from mainstay.cli.width import cut, display_width, pad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.terminal import Terminal

Cell = tuple[str, str]
"""A text and its style."""

_BOX = (("┌", "┬", "┐"), ("├", "┼", "┤"), ("└", "┴", "┘"), "─", "│")
_ASCII = (("+", "+", "+"), ("+", "+", "+"), ("+", "+", "+"), "-", "|")


class Column:
    """A heading and what is under it. `rank` 0 is never left out; of the others the highest goes first.

    A column that `shrinks` may be cut down to that many columns of the terminal when leaving others out is not enough,
    and before any other is left out down to `comfort`.
    """

    def __init__(
        self, title: str, cells: Sequence[Cell], *, rank: int = 0, right: bool = False, shrinks: int = 0
    ) -> None:
        self.title = title
        self.cells = cells
        self.rank = rank
        self.right = right
        self.shrinks = shrinks
        self.width = max(display_width(title), *(display_width(text) for text, _ in cells), 1) if cells else len(title)

    @property
    def comfort(self) -> int:
        """How far it is cut before other columns have to go."""
        return min(self.width, max(self.shrinks, 20)) if self.shrinks else self.width


def table_lines(columns: Sequence[Column], terminal: Terminal) -> list[str]:
    """The lines of the table, as wide as the texts need or the terminal allows."""
    room = terminal.width
    chosen = list(columns) if room is None else _chosen(columns, room)
    widths = [column.width for column in chosen] if room is None else _widths(chosen, room)
    top, middle, bottom, dash, bar = _BOX if terminal.unicode else _ASCII
    edge = terminal.paint(bar, DIM)

    def border(corners: tuple[str, str, str]) -> str:
        left, between, right = corners
        return terminal.paint(left + between.join(dash * (width + 2) for width in widths) + right, DIM)

    def line(cells: Sequence[Cell]) -> str:
        parts = []
        for column, width, (text, style) in zip(chosen, widths, cells, strict=True):
            short = cut(text, width, terminal.ellipsis)
            parts.append(terminal.paint(pad(short, width, column.right), style))
        return f"{edge} " + f" {edge} ".join(parts) + f" {edge}"

    head = line([(column.title, f"{BOLD};{CYAN}") for column in chosen])
    body = [line(cells) for cells in zip(*(column.cells for column in chosen), strict=True)]
    return [border(top), head, *([border(middle), *body] if body else []), border(bottom)]


def _chosen(columns: Sequence[Column], room: int) -> list[Column]:
    """The columns that stay."""
    chosen = list(columns)
    while _total([column.comfort for column in chosen]) > room:
        rank = max(column.rank for column in chosen)
        if rank == 0:
            break
        chosen = [column for column in chosen if column.rank != rank]
    return chosen


def _widths(columns: Sequence[Column], room: int) -> list[int]:
    """The width of each column; what is too much is taken from those that shrink, the widest first."""
    widths = [column.width for column in columns]
    while _total(widths) > room:
        widest = max(
            (i for i, column in enumerate(columns) if column.shrinks and widths[i] > column.shrinks),
            key=lambda i: widths[i],
            default=None,
        )
        if widest is None:
            break
        widths[widest] -= 1
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 3 * len(widths) + 1
