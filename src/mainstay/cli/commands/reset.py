"""`mainstay reset`: restart counters back to zero."""

from __future__ import annotations

from mainstay.cli.arguments import Parser
from mainstay.cli.asking import operate, reach
from mainstay.cli.outcomes import Manner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    selectors: list[str]

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `reset`."""
    made = Parser(
        "reset",
        "Set the restart counters of apps to zero.",
        (("mainstay reset web", ""), ("mainstay reset all", "")),
    )
    made.add_selectors()
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Reset and show the apps."""
    options = parser().read(argv, Options())
    with reach(console, quiet=options.json) as client:
        return operate(client, {"selectors": options.selectors}, Manner("reset"), console, options.json)
