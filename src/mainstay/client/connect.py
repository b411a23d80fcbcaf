"""How commands reach the daemon. Commands that only look start none; `start` does.

A daemon that was killed is brought back whatever the command: its guardian does that, or else we do.
"""

from __future__ import annotations

import os

from mainstay.client.connection import Cut, open_connection
from mainstay.client.home import checked_home, home_path, socket_path
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mainstay.client.connection import Client


class NotRunning(MainstayError):
    """No daemon listens in this MAINSTAY_HOME; `home` is its path."""

    def __init__(self, home: str) -> None:
        again = "`mainstay resurrect` starts what was up, `mainstay start` something else"
        hint = again if has_state() else "`mainstay start` starts one"
        super().__init__(f"no daemon runs (MAINSTAY_HOME is {home})", hint=hint)
        self.home = home


def connect(start: bool = False) -> Client:
    """A connection to the daemon of MAINSTAY_HOME, which is started when it does not run and `start` says so.

    One that has ended though nobody asked it to is waited for, or started, whatever `start` says. Raises NotRunning, or
    MainstayError when the folder, the socket or the daemon is not fit to be used.
    """
    home = checked_home(home_path(os.environ))
    client = open_connection(socket_path(home))
    if client is not None:
        return client
    if not start and not os.path.exists(os.path.join(home, "running.jsonl")):
        raise NotRunning(home)
    from mainstay.client.launch import bring_back, launch

    client = bring_back(home)
    if client is None and not start:
        raise NotRunning(home)
    return client or launch(home)


def look(client: Client, verb: str, args: Mapping[str, object] | None = None) -> Any:
    """Ask a verb that changes nothing; when the daemon is killed meanwhile, the one that takes over is asked.

    Any: as for `Client.ask`, whose errors this raises.
    """
    try:
        return client.ask(verb, args)
    except Cut:
        client.replace(connect())
        return client.ask(verb, args)


def has_state() -> bool:
    """Whether a daemon that is started now would find apps from before, in its state file."""
    return os.path.exists(os.path.join(home_path(os.environ), "state.json"))
