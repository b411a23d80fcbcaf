"""`mainstay restart`: stop, then start. There is a gap; `reload` has none."""

from __future__ import annotations

from mainstay.cli.arguments import Parser
from mainstay.cli.asking import operate, reach, this_shell
from mainstay.cli.outcomes import Manner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    selectors: list[str]

    def __init__(self) -> None:
        self.update_env = False
        self.json = False


def parser() -> Parser:
    """The options of `restart`."""
    made = Parser(
        "restart",
        "Stop apps, then start them again; apps that are stopped are started. For a web app use `mainstay reload`,\n"
        "which loses no request.",
        (
            ("mainstay restart jobs", ""),
            ("mainstay restart web-1", "one slot; the others serve meanwhile"),
            ("mainstay restart jobs --update-env", "with this shell's variables, for an app started from a shell"),
        ),
    )
    made.add_selectors()
    made.add_argument("--update-env", action="store_true", help="take the variables of this shell again")
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Restart and wait until every worker is ready."""
    options = parser().read(argv, Options())
    args: dict[str, object] = {"selectors": options.selectors}
    if options.update_env:
        args["env_layers"] = this_shell()
    with reach(console, quiet=options.json) as client:
        return operate(client, args, Manner("restart"), console, options.json)
