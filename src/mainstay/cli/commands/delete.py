"""`mainstay delete`: stop, and out of the list."""

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
    """The options of `delete`."""
    made = Parser(
        "delete",
        "Stop apps and forget them: they are gone from the list, their listeners are closed. Log files stay.",
        (("mainstay delete jobs", ""), ("mainstay delete all", "everything; the daemon stays")),
    )
    made.add_selectors()
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Delete and wait until all workers are gone."""
    options = parser().read(argv, Options())
    with reach(console, quiet=options.json) as client:
        return operate(client, {"selectors": options.selectors}, Manner("delete"), console, options.json)
