"""`mainstay version`: of this command, and of the daemon where one runs."""

from __future__ import annotations

from mainstay import __version__
from mainstay.cli.arguments import Parser, print_json
from mainstay.client.connect import NotRunning, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `version`."""
    made = Parser(
        "version",
        "Show the version of this command, of its Python, and of the daemon where one runs.",
        (("mainstay version", ""), ("mainstay --version", "this command's only")),
    )
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Print the versions."""
    import sys

    options = parser().read(argv, Options())
    try:
        with connect() as client:
            daemon: str | None = client.version
    except NotRunning:
        daemon = None
    python = ".".join(map(str, sys.version_info[:3]))
    if options.json:
        print_json({"mainstay": __version__, "python": python, "daemon": daemon})
        return 0
    console.out.print(f"mainstay {__version__} on Python {python}")
    if daemon is None:
        console.out.print("no daemon runs")
    elif daemon == __version__:
        console.out.print(f"the daemon is mainstay {daemon} too")
    else:
        console.out.print(f"the daemon is mainstay {daemon}: it becomes {__version__} when it is started anew")
    return 0
