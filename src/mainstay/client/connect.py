"""How commands reach the daemon. Commands that only look never start one; `start` does."""

from __future__ import annotations

import os

from mainstay.client.connection import open_connection
from mainstay.client.home import checked_home, home_path, socket_path
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.client.connection import Client


class NotRunning(MainstayError):
    """No daemon listens in this MAINSTAY_HOME; `home` is its path."""

    def __init__(self, home: str) -> None:
        super().__init__(f"no daemon runs (MAINSTAY_HOME is {home})", hint="`mainstay start` starts one")
        self.home = home


def connect(start: bool = False) -> Client:
    """A connection to the daemon of MAINSTAY_HOME, which is started when it does not run and `start` says so.

    Raises NotRunning, or MainstayError when the folder, the socket or the daemon is not fit to be used.
    """
    home = checked_home(home_path(os.environ))
    client = open_connection(socket_path(home))
    if client is not None:
        return client
    if not start:
        raise NotRunning(home)
    from mainstay.client.launch import launch

    return launch(home)


def has_state() -> bool:
    """Whether a daemon that is started now would find apps from before, in its state file."""
    return os.path.exists(os.path.join(home_path(os.environ), "state.json"))
