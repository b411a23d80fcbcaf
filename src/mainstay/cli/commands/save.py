"""`mainstay save`: for the habit that other tools have made."""

from __future__ import annotations

from mainstay.cli.arguments import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""


def parser() -> Parser:
    """The options of `save`: none."""
    return Parser(
        "save",
        "Nothing needs saving: what is started, stopped and deleted is remembered at once. "
        "`mainstay resurrect` starts it again after a reboot.",
        (("mainstay save", "does nothing"), ("mainstay resurrect", "what to run at boot")),
    )


def run(argv: list[str], console: Console) -> int:
    """Say so."""
    parser().read(argv, Options())
    console.out.print("nothing needs saving: what runs is remembered; `mainstay resurrect` starts it after a reboot")
    return 0
