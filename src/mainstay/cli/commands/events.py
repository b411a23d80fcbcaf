"""`mainstay events`: what happened. Read from the file, so no daemon is needed."""

from __future__ import annotations

import os
import time

from mainstay.cli.arguments import Parser
from mainstay.cli.eventlines import EventLines
from mainstay.client.events import follow, history
from mainstay.client.home import checked_home, home_path
from mainstay.errors import MainstayError, NoSuchName, UsageError
from mainstay.model.happening import Level, is_at_least

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainstay.cli.terminal import Console
    from mainstay.client.events import Event, History

_LINES = 20


class Options:
    """What the command line said."""

    selectors: list[str]

    def __init__(self) -> None:
        self.follow = False
        self.lines: int | None = None
        self.since = ""
        self.level = Level.INFO.value
        self.json = False


def parser() -> Parser:
    """The options of `events`."""
    levels = [level.value for level in Level]
    made = Parser(
        "events",
        "Show what happened: starts, crashes, reloads, who asked for what. Kept in MAINSTAY_HOME/events.jsonl, so it\n"
        "can be looked up when no daemon runs, and after an app was deleted.",
        (
            ("mainstay events", f"the last {_LINES} events"),
            ("mainstay events web -f", "of web, then what happens from now on, until Ctrl-C"),
            ("mainstay events --level warning --since 24h", "what went wrong since yesterday"),
            ("mainstay events --json | jq 'select(.event == \"crash\")'", "with exit codes, signals and last lines"),
        ),
    )
    add = made.add_argument
    add("selectors", nargs="*", metavar="APP", help="an app's name or a slot (web-0)")
    add("--follow", "-f", action="store_true", help="go on with what happens from now on")
    add("--lines", "-n", type=int, metavar="N", help=f"how many; {_LINES} unless --since says from when on")
    add("--since", metavar="TIME", help="from then on: 10m, 1h30m, 12:30, 2026-11-23T12:30")
    add("--level", choices=levels, metavar="LEVEL", help=f"as grave as this, or graver: {', '.join(levels)}")
    made.add_json("print each event as it is in the file, an object a line")
    return made


def run(argv: list[str], console: Console) -> int:
    """Print the past, then, when asked to, what comes."""
    options = parser().read(argv, Options())
    if options.lines is not None and options.lines < 0:
        raise UsageError(f"cannot show {options.lines} events", hint="--lines takes 0 or more")
    home = checked_home(home_path(os.environ))
    try:
        past = history(home)
        shown = _chosen(past, options)
        write = _writer(options, console)
        write(shown)
        if options.follow:
            _follow(home, past, options, write)
        elif not shown:
            _say_why_none(past, options, console)
    except OSError as error:
        if error.filename is None:
            raise
        raise MainstayError(f"cannot read {error.filename}: {error.strerror}") from None
    return 0


def _chosen(past: History, options: Options) -> list[Event]:
    """The events of the past to show. Raises UsageError."""
    found = _wanted(past, options)
    if options.since:
        from mainstay.cli.moments import since

        start = since(options.since, time.time())
        found = [event for event in found if event.time >= start]
    lines = options.lines if options.lines is not None or options.since else _LINES
    return found if lines is None else found[max(0, len(found) - lines) :]


def _wanted(events: Sequence[Event], options: Options) -> list[Event]:
    """Those of the apps and of the level that were asked for."""
    names, least = options.selectors, Level(options.level)
    everything = not names or "all" in names
    return [
        event for event in events if is_at_least(event.text("level"), least) and (everything or event.is_about(names))
    ]


def _writer(options: Options, console: Console) -> Callable[[list[Event]], None]:
    """What prints events in the form that was asked for."""
    out = console.out
    if options.json:
        return lambda events: out.print_all(event.raw for event in events)
    lines = EventLines(out)

    def write(events: list[Event]) -> None:
        lines.learn(events)
        out.print_all(map(lines, events))

    return write


def _follow(home: str, past: History, options: Options, write: Callable[[list[Event]], None]) -> None:
    """Until Ctrl-C, which is how it is meant to end."""
    try:
        for events in follow(home, past.end):
            write(_wanted(events, options))
    except KeyboardInterrupt:
        return


def _say_why_none(past: History, options: Options, console: Console) -> None:
    """Nothing is shown: because nothing happened, or because there is no such name. Raises NoSuchName."""
    for name in options.selectors:
        if name != "all" and past and not any(event.is_about((name,)) for event in past):
            from mainstay.cli.nearest import nearest

            near = nearest(name, sorted({event.text("app") for event in past} - {""}))
            hint = f"did you mean {near}?" if near else "without a name, the events of all apps are shown"
            raise NoSuchName(f"nothing is recorded of {name!r}", hint=hint)
    narrowed = options.since or options.level != Level.INFO.value
    console.err.print("nothing happened" + (" that is asked for" if narrowed else " yet"))
