"""`mainstay serve`: everything in the foreground, for containers and boot units."""

from __future__ import annotations

import os

from mainstay.cli.app_options import AppOptions, add_app_options, read_app_options
from mainstay.cli.arguments import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from mainstay.cli.outlet import Outlet
    from mainstay.cli.terminal import Console, Terminal

_LAST_LINES = 5.0  # seconds to print what is left at the end


class Options(AppOptions):
    """What the command line said."""

    def __init__(self) -> None:
        super().__init__()
        self.format = "prefix"


def parser() -> Parser:
    """The options of `serve`."""
    made = Parser(
        "serve",
        "Start apps and stay in the foreground until they have ended: the first process of a container, or the\n"
        "command of a systemd unit of Type=notify. What they write goes to stdout and stderr. SIGTERM and Ctrl-C stop\n"
        "everything gracefully (a second one does not wait any longer), SIGHUP reads the file again and reloads,\n"
        "SIGUSR1 and SIGUSR2 go to the apps. TARGET is what `start` takes; without one, the mainstay.toml here, or\n"
        "else what was started before, is served. The exit code is that of the app when there is one and it ended by\n"
        "itself, 0 when everything was stopped, 1 when a start failed.",
        (
            ("mainstay serve", "all apps of ./mainstay.toml"),
            ("mainstay serve shop.main:app -b 0.0.0.0:8000 -i max", "a web app, as a container's command"),
            ("mainstay serve --format json", "an object a line: time, app, slot, stream, line"),
            ("mainstay serve worker.py --no-autorestart", "end when it ends, with its exit code"),
        ),
        usage="[TARGET ...] [OPTION ...] [-- ARGUMENT ...]",
    )
    add_app_options(made)
    made.add_argument(
        "--format",
        choices=("prefix", "json", "raw"),
        help="of the apps' output: prefix (web-0 | text), json, or raw, the text alone",
    )
    return made


def run(argv: list[str], console: Console) -> int:
    """Serve what is meant; the exit code."""
    from mainstay.cli.outlet import Outlet

    options = read_app_options(parser(), argv, Options())
    outlets = Outlet(console.out.stream.fileno()), Outlet(console.err.stream.fileno())
    try:
        return _serve(options, *(_terminal(outlet) for outlet in outlets))
    finally:
        _finish(outlets)


def _serve(options: Options, out: Terminal, err: Terminal) -> int:
    from mainstay.cli.failures import show_error
    from mainstay.cli.log_printer import LogPrinter, Streams, shower
    from mainstay.cli.own_daemon import OwnDaemon
    from mainstay.cli.served import Served
    from mainstay.cli.serving import LISTENED_TO, Serving
    from mainstay.cli.signals import Signals
    from mainstay.cli.terminal import Console
    from mainstay.client.home import home_path, writable_home
    from mainstay.errors import MainstayError
    from mainstay.sys.service_manager import ServiceManager

    manager = ServiceManager.of(os.environ)
    with Signals(LISTENED_TO) as signals:
        try:
            served = Served(options)
            served.requests()  # a mistake in the file is told before anything is started
            home = writable_home(os.environ)
            if home != home_path(os.environ):
                err.print_all([f"mainstay: the home folder cannot be written to: MAINSTAY_HOME is {home}"])
                os.environ["MAINSTAY_HOME"] = home
            daemon = OwnDaemon(home, signals)
            daemon.launch()
            streams = Streams(daemon.socket, served.streams(home))
            printer = LogPrinter(streams, shower(options.format, out, err, lambda: streams.known))
            serving = Serving(daemon, served, manager, Console(err, err))
            serving.on_end = streams
            code = serving.run(signals)
        except MainstayError as error:
            return show_error(error, err)
        printer.finish(_LAST_LINES)
        served.forget_logs(home, streams.known)
        return code


def _terminal(outlet: Outlet) -> Terminal:
    from typing import cast

    from mainstay.cli.terminal import Terminal

    return Terminal(cast("TextIO", outlet), os.environ)


def _finish(outlets: tuple[Outlet, Outlet]) -> None:
    """Let the last lines out, and say what did not get there."""
    out, err = outlets
    out.finish(_LAST_LINES)
    for outlet, name in ((out, "stdout"), (err, "stderr")):
        if outlet.dropped:
            err.write(f"mainstay: {outlet.dropped} lines were dropped: {name} was not read fast enough\n")
    err.finish(_LAST_LINES)
