"""`mainstay completion`: what a shell needs to complete our command lines, made from the parsers themselves."""

from __future__ import annotations

from mainstay.client.connect import connect
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.arguments import Parser
    from mainstay.cli.terminal import Console
    from mainstay.protocol.shapes import Listing


class Options:
    """What the command line said."""

    shell: str


def parser() -> Parser:
    """The options of `completion`."""
    from mainstay.cli.arguments import Parser

    made = Parser(
        "completion",
        "Print a script that teaches a shell to complete mainstay's commands, options and the names of your apps.",
        (
            ("mainstay completion bash > ~/.local/share/bash-completion/completions/mainstay", ""),
            ("mainstay completion zsh > ~/.zfunc/_mainstay", "with fpath+=~/.zfunc before compinit"),
            ("mainstay completion fish > ~/.config/fish/completions/mainstay.fish", ""),
        ),
    )
    made.add_argument("shell", choices=("bash", "zsh", "fish", "names"), help="`names` prints what selectors there are")
    return made


def run(argv: list[str], console: Console) -> int:
    """Print the script, or the names."""
    if argv == ["names"]:  # called at each press of Tab: no argparse
        console.out.print(*_names())
        return 0
    from mainstay.cli import completions

    options = parser().read(argv, Options())
    if options.shell == "names":
        console.out.print(*_names())
    else:
        console.out.print(completions.script(options.shell))
    return 0


def _names() -> list[str]:
    """Apps, slots and `all`; nothing when the daemon cannot be asked, as nobody reads an error here."""
    try:
        with connect() as client:
            listing: Listing = client.ask("list")
    except MainstayError:
        return []
    rows = listing["rows"]
    apps = dict.fromkeys(row["app"] for row in rows)
    return [*apps, *(row["slot"] for row in rows), "all"] if rows else []
