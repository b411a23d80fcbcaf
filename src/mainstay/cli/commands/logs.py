"""`mainstay logs`: what apps write, merged in the order of time. Read from the files, so no daemon is needed."""

from __future__ import annotations

import time

from mainstay.cli.arguments import SELECTORS, Parser
from mainstay.cli.loglines import Prefixed, json_line, shown_text
from mainstay.client.connect import NotRunning, connect
from mainstay.client.log_follow import follow
from mainstay.client.logs import History, history
from mainstay.client.streams import streams_of, streams_on_disk
from mainstay.errors import MainstayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstay.cli.terminal import Console
    from mainstay.client.logs import Line, Stream

_LINES = 15


class Options:
    """What the command line said."""

    selectors: list[str]

    def __init__(self) -> None:
        self.follow = False
        self.lines: int | None = None
        self.err = False
        self.out = False
        self.since = ""
        self.json = False
        self.raw = False


def parser() -> Parser:
    """The options of `logs`."""
    made = Parser(
        "logs",
        "Show what apps wrote last, all of them merged in the order of time, stderr marked with `!`. Rotated files\n"
        "are read too, and following goes on across rotation.",
        (
            ("mainstay logs", f"the last {_LINES} lines of all apps"),
            ("mainstay logs web -f", "then everything web writes, until Ctrl-C"),
            ("mainstay logs web-0 --err --lines 100", "one slot's stderr"),
            ("mainstay logs --since 10m", "everything of the last ten minutes"),
            ("mainstay logs web --raw | grep ERROR", "just what was written"),
        ),
    )
    add = made.add_argument
    add("selectors", nargs="*", metavar="SELECTOR", help=SELECTORS)
    add("--follow", "-f", action="store_true", help="go on with what is written from now on")
    add("--lines", "-n", type=int, metavar="N", help=f"how many lines; {_LINES} unless --since says from when on")
    add("--out", action="store_true", help="stdout only")
    add("--err", action="store_true", help="stderr only")
    add("--since", metavar="TIME", help="from then on: 10m, 1h30m, 12:30, 2026-11-23T12:30")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="an object a line: time, app, slot, stream, line")
    how.add_argument("--raw", action="store_true", help="the text alone")
    return made


def run(argv: list[str], console: Console) -> int:
    """Print the past, then, when asked to, what comes."""
    options = parser().read(argv, Options())
    if options.lines is not None and options.lines < 0:
        raise UsageError(f"cannot show {options.lines} lines", hint="--lines takes 0 or more")
    from mainstay.cli.moments import since

    start = since(options.since, time.time()) if options.since else None
    lines = options.lines if options.lines is not None or start is not None else _LINES
    source = Source(options)
    write = _writer(options, source, console)
    try:
        past = history(source(), lines, start)
        write(past)
        if options.follow:
            _follow(source, past, write)
        elif not past:
            console.err.print("nothing was written" + (" since then" if start is not None else " yet"))
    except OSError as error:
        if error.filename is None:
            raise
        raise MainstayError(f"cannot read {error.filename}: {error.strerror}") from None
    return 0


def _follow(source: Source, past: History, write: Callable[[list[Line]], None]) -> None:
    """Until Ctrl-C, which is how it is meant to end."""
    try:
        for lines in follow(source, past.end):
            write(lines)
    except KeyboardInterrupt:
        return


class Source:
    """Tells which streams there are now; asked again and again while following, as apps come and scale."""

    def __init__(self, options: Options) -> None:
        self._selectors = options.selectors
        self._kinds = ("out", "err") if options.out == options.err else ("out",) if options.out else ("err",)
        self.known: list[Stream] = []
        self._asked = False

    def __call__(self) -> list[Stream]:
        """The streams; once they are known, those of before while nobody can tell. Raises what `connect` raises."""
        try:
            found = self._found()
        except (MainstayError, OSError):
            if not self._asked:
                raise
            return self.known
        self._asked = True
        self.known = [stream for stream in found if stream.stream in self._kinds]
        return self.known

    def _found(self) -> list[Stream]:
        try:
            with connect() as client:
                return streams_of(client, self._selectors)
        except NotRunning as nobody:
            return streams_on_disk(nobody.home, self._selectors)


def _writer(options: Options, source: Source, console: Console) -> Callable[[list[Line]], None]:
    """What prints lines in the form that was asked for."""
    out = console.out
    if options.json:
        return lambda lines: out.print_all(map(json_line, lines))
    if options.raw:
        return lambda lines: out.print_all(shown_text(line, out) for line in lines)
    prefixed = Prefixed(out)

    def write(lines: list[Line]) -> None:
        prefixed.learn(source.known)
        out.print_all(map(prefixed, lines))

    return write
