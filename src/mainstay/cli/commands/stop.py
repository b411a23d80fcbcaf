"""`mainstay stop`: SIGTERM, time to finish, SIGKILL; the app stays in the list."""

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
    """The options of `stop`."""
    made = Parser(
        "stop",
        "Stop apps and everything they started. Workers finish what they are doing, within the app's stop_timeout\n"
        "(10 s unless declared otherwise), then they are killed. `mainstay start NAME` brings them back.",
        (
            ("mainstay stop web", "all workers of web"),
            ("mainstay stop web-2 jobs", "one slot, and an app"),
            ("mainstay stop all", "everything; the daemon stays"),
        ),
    )
    made.add_selectors()
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Stop, wait until all are gone, show what is left."""
    options = parser().read(argv, Options())
    with reach(console, quiet=options.json) as client:
        return operate(client, {"selectors": options.selectors}, Manner("stop"), console, options.json)
