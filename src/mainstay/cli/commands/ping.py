"""`mainstay ping`: is the daemon well?"""

from __future__ import annotations

import time

from mainstay.cli.arguments import Parser, print_json
from mainstay.cli.units import seconds_text, uptime_text
from mainstay.client.connect import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console
    from mainstay.protocol.shapes import Pong


class Options:
    """What the command line said."""

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `ping`."""
    made = Parser(
        "ping",
        "Ask the daemon whether it is well. Exit code 1 when none runs or it does not answer; starts none.",
        (("mainstay ping", ""), ("mainstay ping --json", "pid, version and uptime in seconds")),
    )
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Ask and print the answer."""
    options = parser().read(argv, Options())
    with connect() as client:
        asked = time.monotonic()
        pong: Pong = client.ask("ping")
        took = time.monotonic() - asked
    if options.json:
        print_json(pong)
    else:
        console.out.print(
            f"the daemon is well: pid {pong['pid']}, mainstay {pong['version']}, up {uptime_text(pong['uptime'])}, "
            f"answered in {seconds_text(took)}"
        )
    return 0
