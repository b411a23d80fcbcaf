"""`mainstay scale`: more or fewer instances of one app."""

from __future__ import annotations

from mainstay.cli.arguments import Parser
from mainstay.cli.asking import operate, reach
from mainstay.cli.outcomes import Manner
from mainstay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    app: str
    to: str

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `scale`."""
    made = Parser(
        "scale",
        "Change the number of instances of an app while it runs. The highest slots go first; they finish what they\n"
        "are doing. The number in a mainstay.toml stays what it is: `describe` shows the difference.",
        (
            ("mainstay scale web 4", "four instances"),
            ("mainstay scale web +2", "two more"),
            ("mainstay scale web -1", "one fewer"),
            ("mainstay scale web max", "one per core"),
        ),
    )
    made.add_argument("app", metavar="APP", help="an app's name")
    made.add_argument("to", metavar="N|+N|-N|max", help="how many, or how many more or fewer")
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Scale and wait until the new workers are ready and the old ones gone."""
    options = parser().read(argv, Options())
    args = {"app": options.app, "to": wanted(options.to)}
    with reach(console, quiet=options.json) as client:
        return operate(client, args, Manner("scale"), console, options.json)


def wanted(text: str) -> str:
    """`4`, `+2`, `-1`, with `max` as `0` (one per core). Raises UsageError."""
    if text == "max":
        return "0"
    number = text[1:] if text[:1] in ("+", "-") else text
    if not (number.isascii() and number.isdecimal()):
        raise UsageError(f"cannot scale to {text!r}", hint="a number, +N, -N or max")
    return text
