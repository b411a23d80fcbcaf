"""`mainstay describe`: all about an app."""

from __future__ import annotations

import os
import time

from mainstay.cli.arguments import Parser, print_json
from mainstay.cli.sections import app_sections
from mainstay.cli.terminal import BOLD
from mainstay.client.connect import connect, look
from mainstay.client.home import home_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console
    from mainstay.protocol.shapes import Details


_EVENTS = 5


class Options:
    """What the command line said."""

    selectors: list[str]

    def __init__(self) -> None:
        self.json = False


def parser() -> Parser:
    """The options of `describe`."""
    made = Parser(
        "describe",
        "Show all about apps: what was declared and how reality differs from it, listeners, generation, rollout; for\n"
        "each slot its process, how long it took to get ready, its log files, and how it ended the last times;\n"
        "and what happened last.",
        (("mainstay describe web", ""), ("mainstay describe web-1", "one slot"), ("mainstay describe all --json", "")),
    )
    made.add_selectors()
    made.add_json("an array of apps")
    return made


def _last_events(app: str, console: Console) -> list[str]:
    """The last things that happened to an app, where the file can be read."""
    from mainstay.cli.eventlines import EventLines
    from mainstay.client.events import history

    try:
        events = [event for event in history(home_path(os.environ)) if event.is_about((app,))][-_EVENTS:]
    except OSError:
        return []
    lines = EventLines(console.out)
    lines.learn(events)
    title = console.out.paint(f"last events (`mainstay events {app}` shows more)", BOLD)
    return ["", title, *(f"  {lines(event)}" for event in events)] if events else []


def run(argv: list[str], console: Console) -> int:
    """Print the sections of each app."""
    options = parser().read(argv, Options())
    with connect() as client:
        details: Details = look(client, "describe", {"selectors": options.selectors})
    if options.json:
        print_json(details["apps"])
        return 0
    for number, app in enumerate(details["apps"]):
        console.out.print(*([""] if number else []), *app_sections(app, console.out, time.time()))
        console.out.print(*_last_events(app["app"], console))
    return 0
