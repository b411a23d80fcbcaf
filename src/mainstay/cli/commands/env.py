"""`mainstay env`: every variable of an app with the layer it came from; secrets are masked unless asked for."""

from __future__ import annotations

from mainstay.cli.arguments import Parser, print_json
from mainstay.cli.escaping import escaped
from mainstay.cli.masking import MASK, masked
from mainstay.cli.sources import name_and_source
from mainstay.cli.terminal import DIM
from mainstay.cli.width import cut
from mainstay.client.connect import connect, look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console, Terminal
    from mainstay.protocol.shapes import Environment, Variable


class Options:
    """What the command line said."""

    selector: str

    def __init__(self) -> None:
        self.show = False
        self.json = False


def parser() -> Parser:
    """The options of `env`."""
    made = Parser(
        "env",
        "Show an app's variables and where each comes from: the clean base, the shell it was started from, env files,\n"
        "`env`, the environment, mainstay itself. Values are masked when the name looks secret (PASSWORD, SECRET,\n"
        "TOKEN, KEY, DSN ...), and passwords in URLs.",
        (("mainstay env web", ""), ("mainstay env web-1 --show", "with secrets"), ("mainstay env web --json", "")),
    )
    made.add_argument("selector", metavar="SELECTOR", help="an app's name, a slot, or a number shown by `list`")
    made.add_argument("--show", action="store_true", help="show secrets too")
    made.add_json("an array of name, value, source and secret")
    return made


def run(argv: list[str], console: Console) -> int:
    """Print the variables, sorted by name."""
    options = parser().read(argv, Options())
    with connect() as client:
        found: Environment = look(client, "env", {"selector": options.selector})
    variables = sorted(found["variables"], key=lambda variable: variable["name"])
    shown = variables if options.show else [_hidden(variable) for variable in variables]
    if options.json:
        print_json(shown)
        return 0
    console.out.print(*_lines(shown, console.out))
    if any(MASK in variable["value"] for variable in shown) and not options.show:
        console.err.print(console.err.paint("secrets are masked; --show shows them", DIM))
    return 0


def _hidden(variable: Variable) -> Variable:
    return {**variable, "value": masked(variable["name"], variable["value"], variable["secret"])}


def _lines(variables: list[Variable], terminal: Terminal) -> list[str]:
    """`NAME  source  value`; a value is cut to the terminal's width, and whole in a pipe."""
    left, width = name_and_source([(v["name"], v["source"]) for v in variables], terminal)
    values = [escaped(v["value"]) for v in variables]
    if terminal.width is not None:
        room = max(16, terminal.width - width)
        values = [cut(value, room, terminal.ellipsis) for value in values]
    return [begin + value for begin, value in zip(left, values, strict=True)]
