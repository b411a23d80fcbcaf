"""What a worker tells of itself while it serves: that its loop turns, and that it has answered its share of requests.

Nothing is done for a request: the engine counts them anyway, and the count is looked at once a second. When the loop
stands still the daemon hears nothing, and has the stacks written by a signal, which is handled in C: that works
whatever the loop is stuck in.
"""

import asyncio
import faulthandler
from collections.abc import Callable

from mainstay.runtime.control import WorkerSide
from mainstay.runtime.messages import DUMP_SIGNAL, Limits

STDERR = 2
BEATS = 3
"""How many times it is heard of while the time of the watchdog runs."""
COUNT_EVERY = 1.0
"""Seconds between two looks at the number of requests."""


class Care:
    """Beats while the loop turns; made when the daemon has told limits for the first time."""

    def __init__(self, control: WorkerSide, served: Callable[[], int]) -> None:
        self._control = control
        self._served = served
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self._said = False

    def set(self, limits: Limits) -> None:
        """Begin anew, with other limits."""
        while self._timers:
            self._timers.pop().cancel()
        if limits.watchdog > 0:
            faulthandler.register(DUMP_SIGNAL, file=STDERR, all_threads=True)
            self._every(limits.watchdog / BEATS, self._control.alive)
        if limits.requests > 0:
            self._said = False
            self._every(COUNT_EVERY, lambda: self._count(limits.requests))

    def _every(self, seconds: float, act: Callable[[], None]) -> None:
        place = len(self._timers)

        def again() -> None:
            act()
            self._timers[place] = self._loop.call_later(seconds, again)

        act()
        self._timers.append(self._loop.call_later(seconds, again))

    def _count(self, limit: int) -> None:
        served = self._served()
        if served >= limit and not self._said:
            self._said = True
            self._control.served(served)
