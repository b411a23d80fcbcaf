"""`mainstay resurrect`: what was up before the machine, or the daemon, was shut down is started again."""

from __future__ import annotations

from mainstay.cli.arguments import Parser
from mainstay.cli.asking import ask, conclude, reach, touched
from mainstay.cli.outcomes import Manner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console
    from mainstay.protocol.shapes import Touched


class Options:
    """What the command line said."""

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `resurrect`."""
    made = Parser(
        "resurrect",
        "Start again what was up when the machine, or the daemon, was shut down: this is what to run at boot. What was "
        "stopped by hand stays so; what runs already is left alone.",
        (("mainstay resurrect", ""),),
    )
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Start a daemon if need be, and what it remembers."""
    options = parser().read(argv, Options())
    with reach(console, start=True, quiet=options.json) as client:
        result: list[Touched] = []

        def work() -> Touched:
            result.append(ask(client, "resurrect", {}, console, quiet=options.json))
            return result[0]

        code = conclude(client, work, Manner("start"), console, as_json=options.json)
        if not options.json and not touched(result[0])["apps"]:
            console.out.print("nothing is to be started again: no app was up when everything was shut down")
        return code
