"""`mainstay signal`: any signal to the workers themselves, for apps that give signals a meaning."""

from __future__ import annotations

from mainstay.cli.arguments import SELECTORS, Parser
from mainstay.cli.asking import operate, reach
from mainstay.cli.outcomes import Manner
from mainstay.errors import UsageError
from mainstay.model.exits import signal_name, signal_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    signal: str
    selectors: list[str]

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `signal`."""
    made = Parser(
        "signal",
        "Send a signal to workers. One that ends them is treated as a crash: use `stop` to stop.",
        (("mainstay signal USR1 web", "to every worker of web"), ("mainstay signal SIGHUP jobs-0", "to one")),
    )
    made.add_argument("signal", metavar="SIGNAL", help="a name or number: SIGUSR1, usr1, 10")
    made.add_argument("selectors", nargs="+", metavar="SELECTOR", help=SELECTORS)
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Send it."""
    options = parser().read(argv, Options())
    last = options.selectors[-1]
    if signal_number(options.signal) is None and not last.isdecimal() and signal_number(last) is not None:
        named = " ".join((last, options.signal, *options.selectors[:-1]))
        raise UsageError("cannot read the command line: the signal comes first", hint=f"`mainstay signal {named}`")
    signal = signal_called(options.signal)
    args = {"selectors": options.selectors, "signal": signal}
    with reach(console, quiet=options.json) as client:
        return operate(client, args, Manner("signal", signal=signal), console, options.json)


def signal_called(text: str) -> str:
    """Its name, `SIGUSR1` for `usr1`. Raises UsageError with the nearest name."""
    number = signal_number(text)
    if number is not None:
        return signal_name(number)
    from signal import Signals

    from mainstay.cli.nearest import nearest

    near = nearest("SIG" + text.upper().removeprefix("SIG"), Signals.__members__)
    raise UsageError(f"no signal is called {text!r}", hint=f"did you mean {near}?" if near else "`kill -l` lists them")
