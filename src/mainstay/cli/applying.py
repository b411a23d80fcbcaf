"""Specs to the daemon, and what came of each app."""

from __future__ import annotations

from mainstay.cli.arguments import print_json
from mainstay.cli.asking import ask, error_json, show_apps
from mainstay.cli.escaping import escaped
from mainstay.cli.terminal import BOLD, GREEN, RED, YELLOW
from mainstay.client.connection import Refused
from mainstay.model.codec import dump
from mainstay.model.spec import PythonApp, TcpBind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client
    from mainstay.model.spec import AppSpec
    from mainstay.protocol.shapes import Applied, Outcome


def apply_specs(
    client: Client, specs: Sequence[AppSpec], args: dict[str, object], console: Console, quiet: bool
) -> list[Outcome]:
    """Ask the daemon to make these specs run; `args` are the further arguments of `apply`.

    Specs of one file go together, as the daemon compares a file with what it knows of it. Raises Refused as soon as
    one file is refused, its result being what was done so far.
    """
    outcomes: list[Outcome] = []
    for source in dict.fromkeys(spec.source for spec in specs):
        dumped = [dump(spec) for spec in specs if spec.source == source]
        try:
            applied: Applied = ask(client, "apply", {"specs": dumped, "source": source, **args}, console, quiet)
        except Refused as error:
            partly = error.result.get("apps", []) if isinstance(error.result, dict) else []
            error.result = {"apps": [*outcomes, *partly]}
            raise
        outcomes += applied["apps"]
    return outcomes


def conclude(
    client: Client, work: Callable[[], list[Outcome]], specs: Sequence[AppSpec], console: Console, as_json: bool
) -> int:
    """Do the work, show what came of it, and the table of the apps; the exit code: 1 when an app failed."""
    try:
        outcomes = work()
    except Refused as error:
        done: list[Outcome] = error.result.get("apps", []) if isinstance(error.result, dict) else []
        if as_json:
            print_json(error_json(error))
        elif done:
            show_outcomes([outcome for outcome in done if outcome["outcome"] != "failed"], specs, console)
            show_apps(client, [outcome["app"] for outcome in done], console)
        raise
    if as_json:
        print_json({"apps": outcomes})
    else:
        show_outcomes(outcomes, specs, console)
        show_apps(client, [outcome["app"] for outcome in outcomes], console)
    return 1 if any(outcome["outcome"] == "failed" for outcome in outcomes) else 0


def show_outcomes(outcomes: Sequence[Outcome], specs: Sequence[AppSpec], console: Console) -> None:
    """A line for each app, and a plan of what was changed under it."""
    for outcome in outcomes:
        app, paint = outcome["app"], console.out.paint
        message = f": {escaped(outcome['message'])}" if outcome["message"] else ""
        match outcome["outcome"]:
            case "started":
                console.out.print(f"{paint(app, BOLD)} {paint('started', GREEN)}{_address(app, specs)}{message}")
            case "unchanged":
                console.out.print(f"{paint(app, BOLD)} already runs, nothing changed{message}")
            case "changed":
                console.out.print(f"{paint(app, BOLD)} {paint('changed', YELLOW)}{message}")
                console.out.print(*(f"  {escaped(change)}" for change in outcome["changes"]))
            case "failed":
                console.err.print(f"{console.err.paint(app, BOLD)} {console.err.paint('failed', RED)}{message}")


def _address(app: str, specs: Sequence[AppSpec]) -> str:
    """Where a web app can be reached, for its line."""
    for spec in specs:
        if spec.name == app and isinstance(spec.program, PythonApp) and spec.binds:
            return ", serves " + ", ".join(f"http://{b}" if isinstance(b, TcpBind) else str(b) for b in spec.binds)
    return ""
