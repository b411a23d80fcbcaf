"""`mainstay reload`: new code, no request lost; and the canary that may come before it."""

from __future__ import annotations

import os

from mainstay.cli.arguments import Parser
from mainstay.cli.asking import conclude, operate, reach, this_shell
from mainstay.cli.outcomes import Manner
from mainstay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console


class Options:
    """What the command line said."""

    selectors: list[str]
    """Or config files."""

    def __init__(self) -> None:
        self.canary = ""
        self.go_on = False
        self.abort = False
        self.prune = False
        self.update_env = False
        self.json = False


def parser() -> Parser:
    """The options of `reload`."""
    made = Parser(
        "reload",
        "Replace the workers of apps one by one, without losing a request. The first new worker must get ready before\n"
        "an old one is touched: code that does not import, does not get ready or dies young is refused, the old\n"
        "workers serve on, the reason is shown and the exit code is 1.",
        (
            ("mainstay reload web", ""),
            ("mainstay reload all", ""),
            ("mainstay reload mainstay.toml", "what the file declares now; apps that changed are replaced"),
            ("mainstay reload web --canary 10%", "10% of new connections go to the new code, until told more"),
            ("mainstay reload web --update-env", "with this shell's variables, for an app started from a shell"),
            ("mainstay reload web --continue", "the canary is good: replace the rest"),
            ("mainstay reload web --abort", "it is not: back to the old code"),
        ),
        usage="SELECTOR... [--canary SHARE | --continue | --abort] [--update-env] [--prune] [--json]",
    )
    made.add_selectors()
    how = made.add_mutually_exclusive_group()
    how.add_argument("--canary", metavar="SHARE", help="hold when one new worker serves this share of new connections")
    how.add_argument("--continue", dest="go_on", action="store_true", help="finish a reload that holds as a canary")
    how.add_argument("--abort", action="store_true", help="end a reload and go back to the old code")
    made.add_argument("--prune", action="store_true", help="with a file: remove what it does not declare any more")
    made.add_argument("--update-env", action="store_true", help="take the variables of this shell again")
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """Reload, or decide about a canary, and wait until it is done."""
    options = parser().read(argv, Options())
    if any(selector.endswith(".toml") for selector in options.selectors):
        return _reload_files(options, console)
    if options.prune:
        raise UsageError("--prune goes with a config file", hint="`mainstay reload mainstay.toml --prune`")
    if options.go_on or options.abort:
        verb = "rollout"
        args: dict[str, object] = {
            "selectors": options.selectors,
            "action": "continue" if options.go_on else "abort",
        }
    else:
        share = percent(options.canary) if options.canary else None
        verb = "reload"
        args = {"selectors": options.selectors, "canary": share}
        if options.update_env:
            args["env_layers"] = this_shell()
    with reach(console, quiet=options.json) as client:
        return operate(client, args, Manner(verb), console, options.json)


def _reload_files(options: Options, console: Console) -> int:
    from mainstay.cli.applying import Missed, applications, in_turn, places, with_removals
    from mainstay.config import adhoc

    if options.canary or options.go_on or options.abort:
        raise UsageError("cannot start a canary from a file", hint="`mainstay reload NAME --canary 10%`")
    ambient = adhoc.Ambient(os.getcwd(), os.environ)
    specs = adhoc.specs_from_targets(options.selectors, adhoc.Options(), ambient)
    requests = applications(specs, {"mode": "reload", "only": False})
    manner = Manner("apply", places=places(specs))
    with reach(console, quiet=options.json) as client:
        requests = with_removals(client, requests, specs, Missed(console, whole=True, prune=options.prune))
        return conclude(
            client, lambda: in_turn(client, requests, console, options.json), manner, console, as_json=options.json
        )


def percent(text: str) -> int:
    """`10%` or `10` as 10. Raises UsageError for what is no share between 1 and 99."""
    number = text.strip().removesuffix("%").strip()
    if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= 99):
        raise UsageError(f"cannot start a canary with {text!r} of new connections", hint="a share from 1% to 99%")
    return int(number)
