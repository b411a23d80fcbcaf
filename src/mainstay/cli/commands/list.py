"""`mainstay list`: all apps and how they are. The command whose start-up time is watched: see tests/cli."""

from __future__ import annotations

import time

from mainstay.cli.render import slot_table
from mainstay.cli.terminal import DIM
from mainstay.client.connect import NotRunning, connect, has_state, look
from mainstay.client.connection import Cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstay.cli.arguments import Parser
    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client
    from mainstay.protocol.shapes import Listing, Row

_NO_APPS = "no apps; `mainstay start APP` starts one"
_INTERVAL = 1.0  # seconds between two pictures of --watch
# The other screen, without a cursor and without wrapping long lines; and back.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"


class Options:
    """What the command line said."""

    def __init__(self) -> None:
        self.json = False
        self.watch = False
        self.sort = "id"


def parser() -> Parser:
    """The options of `list`."""
    from mainstay.cli.arguments import Parser

    made = Parser(
        "list",
        "Show all apps: a row for each slot. Starts no daemon.",
        (
            ("mainstay list", "all apps"),
            ("mainstay list --watch", "again every second, until Ctrl-C"),
            ("mainstay list --sort memory:desc", "the largest first"),
            ("mainstay list --json", "an array of rows; cpu in percent of one core, memory in bytes"),
        ),
    )
    made.add_json("print an array of rows as JSON")
    made.add_argument("--watch", "-w", action="store_true", help="draw it again every second")
    made.add_argument("--sort", metavar="COLUMN[:desc]", help=f"order by {', '.join(_ORDERS)}; `id` unless told")
    return made


def run(argv: list[str], console: Console) -> int:
    """Print the table, once or again and again."""
    options = _read(argv)
    order = _order(options.sort)
    if options.watch:
        return _watch(options, order, console)
    rows, home = _rows(None)
    if options.json:
        _print_rows_as_json(rows, order)
    elif rows or not console.out.is_terminal:  # a script that skips the heading finds one
        console.out.print(*slot_table(order(rows), console.out, time.time()))
    if home:
        what = "`mainstay resurrect` starts what was up" if has_state() else "`mainstay start` starts one"
        console.err.print(f"no daemon runs (MAINSTAY_HOME is {home}); {what}")
    elif not rows and not options.json:
        console.err.print(_NO_APPS)
    return 0


def _read(argv: list[str]) -> Options:
    options = Options()
    if not argv:
        return options  # by far the most frequent case, without argparse: 6 ms
    if argv == ["--json"]:
        options.json = True
        return options
    return parser().read(argv, options)


def _rows(client: Client | None) -> tuple[list[Row], str]:
    """The rows; and where no daemon runs none, and its home."""
    try:
        if client is not None:
            listing: Listing = client.ask("list")
        else:
            with connect() as once:
                listing = look(once, "list")
    except NotRunning as nobody:
        return [], nobody.home
    return listing["rows"], ""


def _print_rows_as_json(rows: list[Row], order: Callable[[list[Row]], list[Row]]) -> None:
    import sys

    from mainstay.protocol.jsontext import dumps

    sys.stdout.write(dumps(order(rows)) + "\n")


_ORDERS: dict[str, Callable[[Row], tuple[object, ...]]] = {
    "id": lambda row: (row["id"],),
    "name": lambda row: (row["app"], row["index"]),
    "namespace": lambda row: (row["namespace"], row["id"]),
    "mode": lambda row: (row["mode"], row["id"]),
    "pid": lambda row: (row["pid"] or 0,),
    "uptime": lambda row: (row["uptime"] or 0.0,),
    "restarts": lambda row: (row["restarts"],),
    "status": lambda row: (row["status"], row["id"]),
    "cpu": lambda row: (row["cpu"] or 0.0,),
    "memory": lambda row: (row["memory"] or 0,),
}


def _order(sort: str) -> Callable[[list[Row]], list[Row]]:
    """What puts rows into the order that `--sort` asks for. Raises UsageError."""
    column, _, direction = sort.partition(":")
    if column not in _ORDERS or direction not in ("", "asc", "desc"):
        from mainstay.errors import UsageError

        raise UsageError(f"cannot sort by {sort!r}", hint=f"one of {', '.join(_ORDERS)}, with :desc to turn it round")
    key = _ORDERS[column]
    return lambda rows: sorted(rows, key=key, reverse=direction == "desc")


def _watch(options: Options, order: Callable[[list[Row]], list[Row]], console: Console) -> int:
    """Draw the table every second until Ctrl-C, which is how it is meant to end."""
    live = console.out.live and not options.json
    out = console.out.stream
    picture: list[str] = []
    try:
        out.write(_ENTER if live else "")
        while True:
            rows, home = _watched_rows()
            if options.json:
                _print_rows_as_json(rows, order)
            else:
                picture = slot_table(order(rows), console.out, time.time()) if rows else []
                picture += ["no daemon runs"] if home else [] if rows else [_NO_APPS]
                _draw(picture, console, live)
            out.flush()
            time.sleep(_INTERVAL)
    except KeyboardInterrupt:
        return 0
    finally:
        if live:
            out.write(_LEAVE + "".join(f"{line}\n" for line in picture))
            out.flush()


def _watched_rows() -> tuple[list[Row], str]:
    try:
        return _rows(None)
    except Cut:
        return _rows(None)  # the daemon was ending as we asked


def _draw(picture: list[str], console: Console, live: bool) -> None:
    if not live:
        console.out.print(*picture)
        return
    room = (console.out.height or 24) - 1
    lines = picture if len(picture) <= room else [*picture[: room - 1], f"and {len(picture) - room + 1} lines more"]
    lines = [*lines, console.out.paint("every second; Ctrl-C ends", DIM)]
    console.out.stream.write("\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J")
