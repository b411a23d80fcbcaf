"""`mainstay plan`: what `start` would do with a file, without doing it."""

from __future__ import annotations

import os

from mainstay.cli.applying import plan
from mainstay.cli.arguments import Parser, print_json
from mainstay.cli.escaping import escaped
from mainstay.cli.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW
from mainstay.cli.width import display_width, pad
from mainstay.client.connect import NotRunning, connect
from mainstay.config import adhoc
from mainstay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstay.cli.terminal import Console, Terminal
    from mainstay.model.spec import AppSpec
    from mainstay.protocol.shapes import PlanStep

_STYLES = {"add": GREEN, "start": GREEN, "change": YELLOW, "remove": RED, "unchanged": DIM}


class Options:
    """What the command line said."""

    files: list[str]

    def __init__(self) -> None:
        self.environment: str | None = None
        self.only = ""
        self.json = False


def parser() -> Parser:
    """The options of `plan`."""
    made = Parser(
        "plan",
        "Show what `mainstay start FILE` would do, and do nothing: which apps it would add, change or leave alone,\n"
        "what differs, and for each difference the gentlest way to make it true: live (nothing is replaced), rolling\n"
        "(workers are replaced one by one, no request is lost) or restart (of that app alone). Apps that the file\n"
        "does not declare any more are removed with --prune only.",
        (
            ("mainstay plan", "for ./mainstay.toml"),
            ("mainstay plan shop/mainstay.toml --env staging", ""),
            ("mainstay plan --json", ""),
        ),
        usage="[FILE ...] [--env NAME] [--only A,B] [--json]",
    )
    made.add_argument("files", nargs="*", metavar="FILE", help="config files; the one in this folder unless told")
    made.add_argument("--env", dest="environment", metavar="NAME", help="the environment: production unless told")
    made.add_argument("--only", metavar="A,B", help="these apps of the file")
    made.add_json("an array of app, action, way and changes")
    return made


def run(argv: list[str], console: Console) -> int:
    """Read the files, ask the daemon, print."""
    options = parser().read(argv, Options())
    specs = _specs(options)
    try:
        with connect() as client:
            steps = plan(client, specs, whole=not options.only)
    except NotRunning:
        steps = [_added(spec) for spec in specs]
    if options.json:
        print_json(steps)
        return 0
    console.out.print(*_lines(steps, console.out))
    return 0


def _specs(options: Options) -> list[AppSpec]:
    wanted = adhoc.Options(environment=options.environment, only=adhoc.names_of(options.only))
    specs = adhoc.specs_from_targets(options.files, wanted, adhoc.Ambient(os.getcwd(), os.environ))
    for spec in specs:
        if not spec.source:
            raise UsageError(f"cannot plan {spec.name}: only a config file is compared with what runs")
    return specs


def _added(spec: AppSpec) -> PlanStep:
    return {"app": spec.name, "action": "add", "way": "", "changes": [], "in_the_way": False}


def _lines(steps: Sequence[PlanStep], terminal: Terminal) -> list[str]:
    """`web  change (rolling)`, with what differs below it."""
    width = max((display_width(escaped(step["app"])) for step in steps), default=0)
    lines = []
    for step in steps:
        name = terminal.paint(pad(escaped(step["app"]), width), f"{BOLD};{CYAN}")
        word = terminal.paint(step["action"], _STYLES[step["action"]])
        lines.append(f"{name}  {word}{_more(step)}")
        lines += [f"{' ' * width}    {escaped(change)}" for change in step["changes"]]
    return lines


def _more(step: PlanStep) -> str:
    match step["action"]:
        case "remove":
            return ": its file does not declare it any more; done with --prune"
        case "start":
            return ": it is stopped"
        case _:
            return f" ({step['way']})" if step["way"] else ""
