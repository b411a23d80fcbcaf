"""The one place where the daemon waits: descriptors by epoll(7), and calls to be made later. No threads, no asyncio.

Callbacks do as little as they can: most only put an event into the inbox.
"""

import heapq
import select
import time
from collections.abc import Callable

READ = select.EPOLLIN
WRITE = select.EPOLLOUT


class Reactor:
    """Watches descriptors and the clock; `wait` runs the callbacks of whatever happened."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._writers: dict[int, Callable[[], None]] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = 0

    def read(self, fd: int, callback: Callable[[], None]) -> None:
        """Call whenever `fd` can be read, has ended or has failed."""
        known = fd in self._callbacks or fd in self._writers
        self._callbacks[fd] = callback
        self._register(fd, known)

    def write(self, fd: int, callback: Callable[[], None] | None) -> None:
        """Call whenever `fd` can be written; None: no longer."""
        known = fd in self._callbacks or fd in self._writers
        if callback is None:
            self._writers.pop(fd, None)
        else:
            self._writers[fd] = callback
        if known or callback is not None:
            self._register(fd, known)

    def forget(self, fd: int) -> None:
        """Watch `fd` no longer; to be called before it is closed."""
        known = self._callbacks.pop(fd, None) or self._writers.get(fd)
        self._writers.pop(fd, None)
        if known is not None:
            self._epoll.unregister(fd)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call once, when this time has passed."""
        self._sequence += 1
        heapq.heappush(self._later, (time.monotonic() + seconds, self._sequence, callback))

    def wait(self, deadline: float | None) -> None:
        """Sleep until something happens, at most until `deadline` (monotonic), and run the callbacks."""
        if self._later and (deadline is None or self._later[0][0] < deadline):
            deadline = self._later[0][0]
        # epoll counts in milliseconds: one more, so that a deadline has passed when it is looked at
        timeout = -1.0 if deadline is None else max(0.0, deadline - time.monotonic() + 0.001)
        for fd, mask in self._epoll.poll(timeout):
            if mask & WRITE and fd in self._writers:
                self._writers[fd]()
            if mask & ~WRITE and fd in self._callbacks:
                self._callbacks[fd]()
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()

    def _register(self, fd: int, known: bool) -> None:
        mask = (READ if fd in self._callbacks else 0) | (WRITE if fd in self._writers else 0)
        if known:
            self._epoll.modify(fd, mask)
        else:
            self._epoll.register(fd, mask)
