"""`mainstay upgrade`: the version that is installed takes the place of the daemon. The workers notice nothing."""

from __future__ import annotations

import os
import subprocess
import time

from mainstay import __version__
from mainstay.cli.arguments import Parser, print_json
from mainstay.cli.asking import ask
from mainstay.client.connect import connect
from mainstay.client.connection import open_connection
from mainstay.client.home import socket_path
from mainstay.client.launch import daemon_command, daemon_environment
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.terminal import Console
    from mainstay.client.connection import Client

PATIENCE = 30.0
"""Seconds the new daemon has until it answers."""


class Options:
    """What the command line said."""

    def __init__(self) -> None:
        self.json = False
        self.force = False


class CannotUpgrade(MainstayError):
    """The old daemon serves on, or says itself what is wrong."""


def parser() -> Parser:
    """The options of `upgrade`."""
    made = Parser(
        "upgrade",
        "Put the installed version in the place of the daemon that runs: same process, same workers, no request lost. "
        "Run it after `pip install --upgrade`.",
        (("mainstay upgrade", ""), ("mainstay upgrade --force", "the same version, anew")),
    )
    made.add_argument("--force", "-f", action="store_true", help="also when the daemon is of this version already")
    made.add_json()
    return made


def run(argv: list[str], console: Console) -> int:
    """See that the new daemon can run, ask the old one to become it, and wait until it answers."""
    options = parser().read(argv, Options())
    with connect() as client:
        before, home, pid = client.version, client.home, client.pid
        if before == __version__ and not options.force:
            return _tell(options, console, pid, before, f"the daemon (pid {pid}) is mainstay {__version__} already")
        command, environment = _checked(home)
        ask(client, "upgrade", {"argv": command, "env": environment}, console, quiet=options.json)
        client.hung_up(PATIENCE)
    with _successor(home) as client:
        if client.version != __version__:
            raise CannotUpgrade(
                f"cannot upgrade the daemon: it is mainstay {client.version} still",
                hint=f"its log says why: {os.path.join(home, 'daemon.log')}",
            )
        return _tell(
            options, console, client.pid, before, f"the daemon (pid {client.pid}) is mainstay {__version__} now"
        )


def _tell(options: Options, console: Console, pid: int, before: str, text: str) -> int:
    if options.json:
        print_json({"pid": pid, "before": before, "version": __version__})
    else:
        console.out.print(text)
    return 0


def _checked(home: str) -> tuple[list[str], dict[str, str]]:
    """The command and environment of the new daemon, which has been seen to import all it needs."""
    command, environment = daemon_command(), daemon_environment(os.environ, home)
    tried = subprocess.run(
        [*command, "--version"], env=environment, cwd="/", capture_output=True, text=True, timeout=60
    )
    if tried.returncode or tried.stdout.strip() != __version__:
        lines = tuple((tried.stderr or tried.stdout).strip().splitlines()[-3:])
        raise CannotUpgrade(
            "cannot upgrade the daemon: the installed version does not run; the old one goes on", lines=lines
        )
    return command, environment


def _successor(home: str) -> Client:
    """A connection to the daemon that is there afterwards. Raises CannotUpgrade after `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        client = open_connection(socket_path(home))
        if client is not None:
            return client
        time.sleep(0.02)
    raise CannotUpgrade(
        f"cannot tell how it ended: no daemon has answered for {PATIENCE:g} s",
        hint=f"its log says why: {os.path.join(home, 'daemon.log')}",
    )
