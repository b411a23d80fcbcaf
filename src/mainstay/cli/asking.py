"""Operations: ask the daemon, show how it goes, end with the table of the apps touched."""

from __future__ import annotations

import time

from mainstay import __version__
from mainstay.cli.arguments import print_json
from mainstay.cli.escaping import escaped
from mainstay.cli.outcomes import Manner, show_outcomes
from mainstay.cli.progress import Progress
from mainstay.cli.render import slot_table
from mainstay.cli.terminal import DIM
from mainstay.client.connect import NotRunning, connect
from mainstay.client.connection import Cut, Refused
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client
    from mainstay.protocol.shapes import Listing, Outcome, Survivor, Touched

INTERRUPTED = 130

_DOING = {
    "apply": "starting",
    "start": "starting",
    "stop": "stopping; workers finish what they are doing",
    "restart": "restarting",
    "reload": "reloading",
    "scale": "scaling",
    "run-job": "running",
    "delete": "stopping; workers finish what they are doing",
    "kill": "stopping everything",
    "resurrect": "starting",
    "upgrade": "waiting for the new daemon",
}
"""What is said while a verb is carried out and the daemon has said nothing."""


_REPEATABLE = ("apply", "start", "stop", "delete", "resurrect")
"""Verbs that say how things are to be, and not what is to be done to them."""
_TIMES = 5
"""How often another daemon is asked at most."""


class Interrupted(MainstayError):
    """Ctrl-C while the daemon was at work."""

    exit_code = INTERRUPTED

    def __init__(self, verb: str) -> None:
        super().__init__(
            f"not waiting any longer: the {verb} goes on in the daemon", hint="`mainstay list` shows how far it is"
        )


def reach(console: Console, *, start: bool = False, quiet: bool = False) -> Client:
    """A connection for an operation, with a word about what is unusual. `start`: start a daemon when none runs.

    Raises NotRunning when none runs and none is to be started.
    """
    try:
        client = connect()
    except NotRunning:
        if not start:
            raise
        client = connect(start=True)
        if client.started:
            _say(f"started the daemon (pid {client.pid})", console, quiet)
    if client.version != __version__:
        text = (
            f"the daemon is mainstay {client.version}, this is {__version__}: `mainstay upgrade` replaces it in place"
        )
        _say(text, console, quiet)
    return client


def _say(text: str, console: Console, quiet: bool) -> None:
    if not quiet:
        console.err.print_all([console.err.paint(text, DIM)])


def ask(client: Client, verb: str, args: Mapping[str, object], console: Console, quiet: bool = False) -> Any:
    """The daemon's result for a verb (its shape: protocol.shapes), with progress on stderr unless `quiet`.

    When the daemon is killed meanwhile, the one that takes over is asked, where asking twice is as good as asking once.
    Raises what `Client.ask` raises, and Interrupted.
    """
    try:
        if quiet:
            return _asked(client, verb, args, None, None)
        with Progress(console.err, _DOING.get(verb, "waiting for the daemon")) as progress:
            return _asked(client, verb, args, progress.notice, progress.tick)
    except KeyboardInterrupt:
        raise Interrupted(verb) from None


def _asked(
    client: Client,
    verb: str,
    args: Mapping[str, object],
    on_notice: Callable[[str, str], None] | None,
    on_wait: Callable[[], None] | None,
) -> Any:  # Any: as for `ask`
    for _ in range(_TIMES):
        try:
            return client.ask(verb, args, on_notice, on_wait)
        except Cut:
            if verb not in _REPEATABLE or args.get("mode") == "reload":
                raise
            client.replace(connect())
    return client.ask(verb, args, on_notice, on_wait)


def operate(client: Client, args: Mapping[str, object], manner: Manner, console: Console, as_json: bool = False) -> int:
    """Carry out the verb of `manner` and show what came of it; the exit code."""
    return conclude(
        client, lambda: ask(client, manner.verb, args, console, quiet=as_json), manner, console, as_json=as_json
    )


def conclude(
    client: Client, work: Callable[[], Touched], manner: Manner, console: Console, *, as_json: bool = False
) -> int:
    """Do the work, tell what came of each app and show the table of them; the exit code: 1 when something failed.

    Where only a part could be done, that part is shown before the error is raised.
    """
    try:
        result = touched(work())
    except Refused as error:
        if as_json:
            print_json(error_json(error))
        else:
            done = touched(error.result)["apps"]
            if any(outcome["outcome"] != "failed" for outcome in done):
                _show(client, done, manner, console, but="failed")
        raise
    if as_json:
        print_json(result)
    else:
        _show(client, result["apps"], manner, console)
    failed = any(outcome["outcome"] == "failed" for outcome in result["apps"])
    for warning in result["warnings"]:
        console.err.print(f"mainstay: {escaped(warning)}")
    return warn_survivors(result["survivors"], console) or int(failed)


def touched(result: object) -> Touched:
    """What the daemon says it did, also beside an error; nothing when it says nothing."""
    found = result if isinstance(result, dict) else {}
    return {
        "apps": found.get("apps", []),
        "survivors": found.get("survivors", []),
        "warnings": found.get("warnings", []),
    }


def _show(client: Client, outcomes: Collection[Outcome], manner: Manner, console: Console, *, but: str = "") -> None:
    """What came of the apps, in the order of the list, but not those of outcome `but`; and the table of them all."""
    apps = [outcome["app"] for outcome in outcomes]
    listing: Listing = client.ask("list") if apps else {"rows": []}
    rows = [row for row in listing["rows"] if row["app"] in apps]
    places = {row["app"]: place for place, row in reversed(list(enumerate(rows)))}
    told = sorted(outcomes, key=lambda outcome: places.get(outcome["app"], len(rows)))
    show_outcomes([outcome for outcome in told if outcome["outcome"] != but], manner, console)
    if rows:
        canaries = {outcome["app"] for outcome in outcomes if outcome["outcome"] == "canary"}
        console.out.print(*slot_table(rows, console.out, time.time(), canaries))


def this_shell() -> list[object]:
    """The variables of the shell that this was typed in, as a request's `env_layers`."""
    from os import environ

    from mainstay.config.layers import shell_layer
    from mainstay.model.codec import dump

    return [dump(shell_layer(environ))]


def warn_survivors(survivors: Collection[Survivor], console: Console) -> int:
    """Say which processes did not end; the exit code: 1 when there are any."""
    for survivor in survivors:
        console.err.print(f"mainstay: could not end process {survivor['pid']} ({survivor['name']}): it still runs")
    return 1 if survivors else 0


def error_json(error: MainstayError) -> dict[str, object]:
    """What `--json` prints on stdout for an error of the daemon, beside what was done all the same."""
    body = {
        "message": error.message,
        "hint": error.hint,
        "lines": list(error.lines),
        "exit_code": error.exit_code,
    }
    return {**touched(error.result if isinstance(error, Refused) else None), "error": body}
