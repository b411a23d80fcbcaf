"""How the apps of a home are, asked again and again: across daemons that end and come back, and without waiting for one
that does not react."""

from __future__ import annotations

import time

from mainstay.client.connection import Unanswered, open_connection
from mainstay.errors import MainstayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstay.client.connection import Client
    from mainstay.protocol.shapes import Listing, Row

TIMEOUT = 2.0
"""Seconds in which a daemon that is well has told how its apps are."""


class Pulse:
    """Keeps a connection of its own. `pid` is that of the daemon that answered last."""

    def __init__(self, socket: str, timeout: float = TIMEOUT) -> None:
        self.pid = 0
        self._socket = socket
        self._timeout = timeout
        self._client: Client | None = None
        self._silent_since: float | None = None

    def rows(self) -> list[Row] | None:
        """The rows of `list`, without what is measured; None when no daemon answers now."""
        rows = self._asked()
        if rows is None:
            self.close()
            if self._silent_since is None:
                self._silent_since = time.monotonic()
        else:
            self._silent_since = None
        return rows

    @property
    def silent_for(self) -> float:
        """Seconds since nobody answers; 0 when somebody does."""
        return 0.0 if self._silent_since is None else time.monotonic() - self._silent_since

    def close(self) -> None:
        """Hang up; the next question connects again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _asked(self) -> list[Row] | None:
        try:
            if self._client is None:
                self._client = open_connection(self._socket, self._timeout)
            if self._client is None:
                return None
            self.pid = self._client.pid
            listing: Listing = self._client.ask("list", {"measure": False}, on_wait=self._patience())
        except (MainstayError, OSError):
            return None
        return listing["rows"]

    def _patience(self) -> Callable[[], None]:
        end = time.monotonic() + self._timeout

        def wait() -> None:
            if time.monotonic() > end:
                raise Unanswered("the daemon does not react")

        return wait
