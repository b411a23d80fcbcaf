"""`mainstay run-job`: run a job now."""

from __future__ import annotations

from mainstay.cli.arguments import Parser
from mainstay.cli.asking import operate, reach
from mainstay.cli.outcomes import Manner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    app: str

    def __init__(self) -> None:
        self.json = False
        self.detach = False


def parser() -> Parser:
    """The options of `run-job`."""
    made = Parser(
        "run-job",
        "Run a job now, though it is not due, and wait for its end: the exit code is the job's own (128 + N when\n"
        "signal N ended it, 124 when its time was over). While it runs already this is refused, unless its overlap\n"
        "is queue or replace.",
        (("mainstay run-job report", ""), ("mainstay run-job report --detach", "do not wait for its end")),
    )
    made.add_argument("app", metavar="JOB", help="a job's name")
    made.add_argument("--detach", "-d", action="store_true", help="do not wait for its end")
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Run it, and end as it does."""
    options = parser().read(argv, Options())
    args = {"app": options.app, "detach": options.detach}
    with reach(console, quiet=options.json) as client:
        return operate(client, args, Manner("run-job"), console, options.json)
