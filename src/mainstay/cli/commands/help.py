"""`mainstay help`: the commands grouped by purpose, or the help of one."""

from __future__ import annotations

from mainstay.cli.arguments import Parser
from mainstay.cli.index import GROUPS, find_command
from mainstay.cli.terminal import BOLD, DIM
from mainstay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    command: str | None


def parser() -> Parser:
    """The options of `help`."""
    made = Parser(
        "help", "List the commands, or show the help of one.", (("mainstay help", ""), ("mainstay help start", ""))
    )
    made.add_argument("command", nargs="?", metavar="COMMAND", help="the command to explain")
    return made


def run(argv: list[str], console: Console) -> int:
    """Print the help asked for."""
    name = parser().read(argv, Options()).command
    if name is None:
        console.out.print(*overview(console))
    else:
        console.out.print(parser_of(name).format_help().rstrip("\n"))
    return 0


def overview(console: Console) -> list[str]:
    """The list of commands, as lines."""
    paint = console.out.paint
    lines = [
        f"{paint('mainstay', BOLD)} keeps services running, and reloads them without losing a request.",
        "",
        "  mainstay COMMAND [ARGUMENTS]",
        "",
    ]
    for title, group in GROUPS:
        lines.append(paint(title, BOLD))
        for command in group:
            aliases = paint(f" ({', '.join(command.aliases)})", DIM) if command.aliases else ""
            lines.append(f"  {command.name:<11} {command.summary}{aliases}")
        lines.append("")
    return [*lines, "`mainstay help COMMAND` shows its options, with examples."]


def parser_of(name: str) -> Parser:
    """The parser of a command, by name or alias. Raises UsageError."""
    command = find_command(name)
    if command is None:
        raise UsageError(f"no command is called {name!r}", hint="`mainstay help` lists them")
    module = __import__(command.module, fromlist=["parser"])
    make: Callable[[], Parser] = module.parser
    return make()
