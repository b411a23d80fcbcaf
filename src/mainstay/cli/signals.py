"""Signals for commands that stay in the foreground: the handler only posts, the command takes them out when it can."""

from __future__ import annotations

import select
import signal
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Any

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
"""Whoever sends one of these wants everything to end."""


class Signals:
    """The signals that came, in order. Use as a context manager in the main thread."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = tuple(numbers)
        self._came: list[int] = []
        self._before: dict[int, Any] = {}  # Any: what signal.signal gives back
        self._ours, self._theirs = socket.socketpair()

    def __enter__(self) -> Signals:
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        for number in self._numbers:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._ours.close()
        self._theirs.close()

    def take(self) -> list[int]:
        """Those that came since the last time."""
        came, self._came = self._came, []
        return came

    def take_stops(self) -> int:
        """How many of those that came want the end; the others stay to be taken."""
        stops = sum(number in STOP for number in self._came)
        self._came = [number for number in self._came if number not in STOP]
        return stops

    def wait(self, seconds: float) -> None:
        """Until one has come, or the time is over."""
        if not self._came:
            select.select([self._ours], [], [], max(0.0, seconds))
        try:
            while self._ours.recv(4096):
                pass
        except BlockingIOError:
            return

    def wake(self) -> None:
        """End a `wait`: something else has come. For other threads."""
        try:
            self._theirs.send(b"\0")
        except OSError:  # full, so that it will be woken; or closed, so that nobody waits
            return

    def _note(self, number: int, _frame: object) -> None:
        self._came.append(number)
