"""`mainstay kill`: everything stops, then the daemon."""

from __future__ import annotations

from mainstay.cli.arguments import Parser, print_json
from mainstay.cli.asking import ask, warn_survivors
from mainstay.cli.outcomes import Manner, show_outcomes
from mainstay.client.connect import NotRunning, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console
    from mainstay.protocol.shapes import Touched

_GOODBYE = 5.0  # seconds; so that a `start` right after this does not meet a daemon that is going


class Options:
    """What the command line said."""

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `kill`."""
    made = Parser(
        "kill",
        "Stop all apps, then the daemon. Workers finish what they are doing first, as with `stop`. What is declared is "
        "remembered: `mainstay resurrect` starts it again, `mainstay delete all` forgets it.",
        (("mainstay kill", ""),),
    )
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Stop everything; that no daemon runs is no error."""
    options = parser().read(argv, Options())
    try:
        client = connect()
    except NotRunning as nobody:
        if options.json:
            print_json({"apps": [], "survivors": [], "warnings": []})
        console.err.print(f"no daemon runs (MAINSTAY_HOME is {nobody.home}): there is nothing to stop")
        return 0
    with client:
        result: Touched = ask(client, "kill", {}, console, quiet=options.json)
        gone = client.hung_up(_GOODBYE)
    if options.json:
        print_json(result)
    else:
        show_outcomes(result["apps"], Manner("kill"), console)
        console.out.print(f"the daemon (pid {client.pid}) {'has ended' if gone else 'is ending'}")
    return warn_survivors(result["survivors"], console)
