"""`mainstay start`: an app, a program, a file of apps, or apps of the list that were stopped."""

from __future__ import annotations

import os

from mainstay.cli.app_options import AppOptions, add_app_options, read_app_options
from mainstay.cli.applying import Missed, applications, in_turn, places, with_removals
from mainstay.cli.arguments import Parser
from mainstay.cli.asking import conclude, reach
from mainstay.cli.nearest import nearest
from mainstay.cli.outcomes import Manner
from mainstay.client.connect import NotRunning, has_state
from mainstay.config import adhoc
from mainstay.errors import NoSuchName, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.applying import Asked
    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client
    from mainstay.model.spec import AppSpec
    from mainstay.protocol.shapes import Listing, Row


class Options(AppOptions):
    """What the command line said."""

    def __init__(self) -> None:
        super().__init__()
        self.prune = False
        self.json = False


def parser() -> Parser:
    """The options of `start`."""
    made = Parser(
        "start",
        "Start apps and return when every worker is ready. TARGET is an ASGI or WSGI app (module:attribute or\n"
        "module:factory()), a script, a program, a command line in quotes, a mainstay.toml, or the name of an app\n"
        "that was stopped; without one the mainstay.toml here is meant. What runs already is left alone; what was\n"
        "declared differently since is changed.",
        (
            ("mainstay start", "all apps of ./mainstay.toml"),
            ("mainstay start shop.main:app -i max", "a web app, one instance per core, on port 8000"),
            ("mainstay start 'shop.main:create_app()' -b :80", "made by a factory, on port 80"),
            ("mainstay start worker.py --name jobs -- --queue mail", "a script with arguments"),
            ("mainstay start 'node server.js' -i 2 -p 3000", "any command line"),
            ("mainstay start mainstay.toml --only web,jobs", "two of the apps of a file"),
            ("mainstay start --prune", "and remove what ./mainstay.toml does not declare any more"),
            ("mainstay start web", "an app that was stopped"),
        ),
        usage="[TARGET ...] [OPTION ...] [-- ARGUMENT ...]",
    )
    add_app_options(made)
    made.add_argument("--prune", action="store_true", help="remove the apps that the file does not declare any more")
    made.add_json("print what came of each app as JSON")
    return made


def run(argv: list[str], console: Console) -> int:
    """Find out what is meant, start it, wait, show it."""
    options = read_app_options(parser(), argv, Options())
    wanted = options.wanted()
    client = _running(options, console)
    try:
        rows = _rows(client)
        names = _names_meant(options.targets, wanted, rows)
        targets = [target for target in options.targets if target not in names]
        # All specs before anything is done: what cannot be started must not leave half of it running.
        specs = _specs(targets, wanted, rows) if targets or not options.targets else []
        _check_prune(options, specs)
        client = client or reach(console, start=True, quiet=options.json)
        return _carry_out(client, names, specs, options, console)
    finally:
        if client is not None:
            client.close()


def _running(options: Options, console: Console) -> Client | None:
    """The daemon, where a target may be the name of an app in its list; started when it would find apps of before."""
    if not options.targets:
        return None
    may_be_name = any(
        not (set(target) & set(":/ ")) and not os.path.exists(os.path.join(options.cwd or "", target))
        for target in options.targets
    )
    try:
        return reach(console, start=may_be_name and has_state(), quiet=options.json)
    except NotRunning:
        return None


def _check_prune(options: Options, specs: list[AppSpec]) -> None:
    if options.prune and (options.only or not any(spec.source for spec in specs)):
        what = "--only" if options.only else "what is no config file"
        raise UsageError(
            f"--prune does not go with {what}", hint="it removes what a whole file does not declare any more"
        )


def _carry_out(client: Client, names: list[str], specs: list[AppSpec], options: Options, console: Console) -> int:
    again: list[Asked] = [("start", {"selectors": names})] if names else []
    requests = again + applications(specs, {"mode": "start", "only": bool(options.only)})
    missed = Missed(console, whole=not options.only, prune=options.prune)
    requests = with_removals(client, requests, specs, missed)
    manner = Manner("apply", places=places(specs))
    return conclude(
        client, lambda: in_turn(client, requests, console, options.json), manner, console, as_json=options.json
    )


def _rows(client: Client | None) -> list[Row]:
    if client is None:
        return []
    listing: Listing = client.ask("list")
    return listing["rows"]


def _selectors(row: Row) -> tuple[str, ...]:
    return (row["app"], row["slot"], str(row["id"]), row["namespace"], "all")


def _names_meant(targets: list[str], wanted: adhoc.Options, rows: list[Row]) -> list[str]:
    """Those that name apps of the list. With options none does: they say how to run a target."""
    if wanted != adhoc.Options():
        return []
    known = {name for row in rows for name in _selectors(row)}
    return [target for target in targets if target in known]


def _specs(targets: list[str], wanted: adhoc.Options, rows: list[Row]) -> list[AppSpec]:
    ambient = adhoc.Ambient(os.getcwd(), os.environ)
    if not targets:
        return adhoc.spec_from_target(None, wanted, ambient)
    specs = []
    for target in targets:
        try:
            specs += adhoc.spec_from_target(target, wanted, ambient)
        except UsageError as error:
            raise _named(target, rows, error) or error from None
    return specs


def _named(target: str, rows: list[Row], error: UsageError) -> NoSuchName | UsageError | None:
    """What to say instead when the target is, or nearly is, the name of an app in the list."""
    known = dict.fromkeys(name for row in rows for name in _selectors(row))
    if target in known:
        return UsageError(
            f"cannot start {target} with options: it is in the list already, and they say how to run something new",
            hint=f"`mainstay start {target}` starts it as it is, `mainstay scale {target} N` changes the instances",
        )
    near = nearest(target, known) if isinstance(error, adhoc.NoSuchTarget) else ""
    if not near:
        return None
    message = f"cannot start {target}: no app is called so, and there is no such file, program or module:app"
    return NoSuchName(message, hint=f"did you mean {near}?")
