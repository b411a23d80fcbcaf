"""`mainstay doctor`: what is wrong here, or will be, and how to mend it. Needs no daemon, asks one that runs."""

from __future__ import annotations

import os
import time

from mainstay.cli.arguments import Parser, print_json
from mainstay.cli.findings import Level, counted, ok, problem, warn
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.findings import Finding
    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client
    from mainstay.model.spec import AppSpec


class Options:
    """What the command line said."""

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `doctor`."""
    made = Parser(
        "doctor",
        "Look at what mainstay needs and what may go wrong: the kernel, limits, disks, permissions, what daemons that\n"
        "are gone have left, versions, the apps' interpreters, the start at boot. Each finding says how to mend it.\n"
        "The exit code is 1 when there is a problem; warnings are no problem.",
        (("mainstay doctor", ""), ("mainstay doctor --json | jq '.[] | select(.level != \"ok\")'", "for scripts")),
    )
    made.add_json("print an array of objects: check, level, text, mend")
    return made


def run(argv: list[str], console: Console) -> int:
    """Look and tell; the exit code."""
    options = parser().read(argv, Options())
    found = examine()
    if options.json:
        print_json([{"check": f.check, "level": f.level.value, "text": f.text, "mend": f.mend} for f in found])
    else:
        _show(found, console)
    return int(any(finding.level is Level.PROBLEM for finding in found))


def examine() -> list[Finding]:
    """Everything that is looked at."""
    from mainstay.cli import boot_checks, home_checks, machine_checks
    from mainstay.client.home import home_path

    home = home_path(os.environ)
    client, daemon = _daemon()
    try:
        found = [daemon, *home_checks.permissions(home), *home_checks.leftovers(home, client)]
        found += machine_checks.disks({"home": home, "logs": os.path.join(home, "logs")})
        found += [*_apps(client), boot_checks.boot()]
    finally:
        if client is not None:
            client.close()
    found += [*machine_checks.kernel(), *machine_checks.limits()]
    return [*found, machine_checks.clock(time.time()), machine_checks.temporary(os.environ.get("TMPDIR") or "/tmp")]


def _daemon() -> tuple[Client | None, Finding]:
    from mainstay import __version__
    from mainstay.client.connect import NotRunning, connect

    try:
        client = connect()
    except NotRunning as nobody:
        return None, _nobody(nobody.home)
    except MainstayError as error:
        return None, problem("daemon", error.message, error.hint or "its own words are in its daemon.log")
    if client.version != __version__:
        text = f"it is mainstay {client.version}, installed is {__version__}"
        return client, warn("daemon", text, "`mainstay upgrade` replaces it, and no app notices")
    return client, ok("daemon", f"pid {client.pid}, mainstay {client.version}")


def _nobody(home: str) -> Finding:
    from mainstay.client.connect import has_state

    text = f"none runs (MAINSTAY_HOME is {home})"
    if not has_state():
        return ok("daemon", text)
    return warn("daemon", f"{text}, though apps were declared", "`mainstay resurrect` starts what was up")


def _apps(client: Client | None) -> list[Finding]:
    """Of the list, or of the file here when no daemon runs."""
    from mainstay.cli.app_checks import app_findings

    try:
        specs = _declared() if client is None else _listed(client)
    except MainstayError as error:
        return [problem("apps", error.message.partition("\n")[0], error.hint or "`mainstay start` says all of it")]
    return [finding for spec in specs for finding in app_findings(spec)]


def _listed(client: Client) -> list[AppSpec]:
    from mainstay.model.codec import load
    from mainstay.model.spec import AppSpec

    if not client.ask("list", {"measure": False})["rows"]:
        return []
    details = client.ask("describe", {"selectors": ["all"]})
    return [load(AppSpec, app["spec"], app["app"]) for app in details["apps"]]


def _declared() -> list[AppSpec]:
    from mainstay.config.file import specs_from_file
    from mainstay.config.find import find_file
    from mainstay.errors import UsageError

    try:
        path = find_file(None, os.getcwd())
    except UsageError:
        return []
    return specs_from_file(path, None, (), os.environ)


def _show(found: list[Finding], console: Console) -> None:
    from mainstay.cli.escaping import escaped
    from mainstay.cli.terminal import DIM, GREEN, RED, YELLOW

    styles = {Level.OK: GREEN, Level.WARN: YELLOW, Level.PROBLEM: RED}
    out = console.out
    width = max(len(finding.check) for finding in found)
    for finding in found:
        mark = out.paint(f"{finding.level.value:<7}", styles[finding.level])
        out.print(f"{mark}  {escaped(finding.check):<{width}}  {escaped(finding.text)}")
        if finding.mend:
            out.print(f"{'':7}  {'':<{width}}  {out.paint('mend:', DIM)} {escaped(finding.mend)}")
    bad = [sum(finding.level is level for finding in found) for level in (Level.PROBLEM, Level.WARN)]
    out.print("", f"{counted(bad[0], 'problem')}, {counted(bad[1], 'warning')}" if any(bad) else "all is well")
