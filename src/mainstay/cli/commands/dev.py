"""`mainstay dev`: an app in the foreground, for whoever works on it: new code at each save, output on the terminal."""

from __future__ import annotations

import os

from mainstay.cli.app_options import AppOptions, add_app_options, read_app_options
from mainstay.cli.arguments import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.development import Development
    from mainstay.cli.terminal import Console

_LAST_LINES = 2.0  # seconds to print what is left at the end


class Options(AppOptions):
    """What the command line said."""

    def __init__(self) -> None:
        super().__init__()
        self.no_reload = False
        self.watch_dir: list[str] = []
        self.ignore: list[str] = []


def parser() -> Parser:
    """The options of `dev`."""
    made = Parser(
        "dev",
        "Run an app, a script, a program or what mainstay.toml declares in the foreground, to work on it: one worker\n"
        "each, APP_ENV=development, a line for each request, and new code at every save. Code that does not import is\n"
        "shown and changes nothing: what served serves on until the next save. What .gitignore names is not watched,\n"
        "nor are virtual environments, caches, logs and databases. Ctrl-C ends everything and leaves nothing behind.",
        (
            ("mainstay dev shop.main:app", "on http://127.0.0.1:8000"),
            ("mainstay dev", "all apps of ./mainstay.toml"),
            ("mainstay dev worker.py -- --queue mail", "a script with arguments"),
            ("mainstay dev 'node server.js' -p 3000", "any command line"),
            ("mainstay dev shop.main:app --watch-dir src --ignore '*.json'", "say what is watched"),
        ),
        usage="[TARGET ...] [OPTION ...] [-- ARGUMENT ...]",
    )
    add_app_options(made, environment="development")
    add = made.add_argument
    add("--no-reload", action="store_true", help="leave it as it is when files change")
    add("--watch-dir", action="append", metavar="FOLDER", help="watch this one, not where it runs; may be repeated")
    add("--ignore", action="append", metavar="PATTERN", help="do not watch this, as in .gitignore; may be repeated")
    return made


def run(argv: list[str], console: Console) -> int:
    """Run what is meant until it is told to stop; the exit code."""
    import shutil
    import tempfile

    from mainstay.cli.development import Development

    options = read_app_options(parser(), argv, Options())
    development = Development(options, console.out)
    home = tempfile.mkdtemp(prefix="mainstay-dev-")
    os.environ["MAINSTAY_HOME"] = home
    try:
        return _develop(development, options, home, console)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _develop(development: Development, options: Options, home: str, console: Console) -> int:
    import signal

    from mainstay.cli.developing import Developing
    from mainstay.cli.failures import show_error
    from mainstay.cli.log_printer import LogPrinter, Streams, shower
    from mainstay.cli.own_daemon import OwnDaemon
    from mainstay.cli.signals import STOP, Signals
    from mainstay.client.streams import streams_expected
    from mainstay.errors import MainstayError

    with Signals((*STOP, signal.SIGHUP)) as signals:
        daemon = OwnDaemon(home, signals)
        try:
            daemon.launch()
        except MainstayError as error:
            return show_error(error, console.err)
        streams = Streams(daemon.socket, streams_expected(home, development.specs, cores=1))
        form = "raw" if len(development.specs) == 1 else "prefix"
        printer = LogPrinter(streams, shower(form, console.out, console.err, lambda: streams.known))
        try:
            return Developing(daemon, development, console).run(signals, reload=not options.no_reload)
        finally:
            daemon.kill()
            printer.finish(_LAST_LINES)
