"""The one place where the daemon waits: descriptors by epoll(7), and calls to be made later. No threads, no asyncio.

Callbacks do as little as they can: most only put an event into the inbox.
"""

import select
import time
from collections.abc import Callable

READ = select.EPOLLIN
WRITE = select.EPOLLOUT
LONGEST = 86400.0
"""Seconds after which a wait ends though nothing happened: epoll takes no more than 24 days."""

Callback = Callable[[], object]


class _Watch:
    """One registration of a descriptor; a later one of the same number is another."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.on_read: Callback | None = None
        self.on_write: Callback | None = None
        self.paused = False

    @property
    def mask(self) -> int:
        return (READ if self.on_read and not self.paused else 0) | (WRITE if self.on_write else 0)


class Reactor:
    """Watches descriptors and the clock; `wait` runs the callbacks of whatever happened."""

    def __init__(self, on_failure: Callable[[Exception], None] | None = None) -> None:
        """`on_failure` is told of what a callback raised; without it, `wait` raises."""
        self._on_failure = on_failure
        self._epoll = select.epoll()
        self._watches: dict[int, _Watch] = {}
        self._later: list[tuple[float, int, Callback]] = []
        self._sequence = 0
        self.turned = 0.0
        """When the last wait was over (monotonic): what the callbacks of this turn are told of happened before."""

    @staticmethod
    def now() -> float:
        """Seconds, monotonic."""
        return time.monotonic()

    def read(self, fd: int, callback: Callback) -> None:
        """Call whenever `fd` can be read, has ended or has failed."""
        watch = self._watches.get(fd) or _Watch(fd)
        watch.on_read = callback
        self._apply(watch)

    def write(self, fd: int, callback: Callback | None) -> None:
        """Call whenever `fd` can be written; None: no longer."""
        watch = self._watches.get(fd) or _Watch(fd)
        watch.on_write = callback
        self._apply(watch)

    def pause(self, fd: int, seconds: float) -> None:
        """Do not look whether `fd` can be read for so long: what it has cannot be taken now."""
        watch = self._watches.get(fd)
        if watch and not watch.paused:
            watch.paused = True
            self._apply(watch)
            self.later(seconds, lambda: self._resume(watch))

    def forget(self, fd: int) -> None:
        """Watch `fd` no longer; to be called before it is closed."""
        if self._watches.pop(fd, None):
            self._epoll.unregister(fd)

    def later(self, seconds: float, callback: Callback) -> None:
        """Call once, when this time has passed."""
        self._sequence += 1
        self._later.append((time.monotonic() + seconds, self._sequence, callback))
        self._later.sort()  # nearly sorted, and short; `heapq` would cost 44 KB

    def wait(self, deadline: float | None) -> None:
        """Sleep until something happens, at most until `deadline` (monotonic), and run the callbacks."""
        if self._later and (deadline is None or self._later[0][0] < deadline):
            deadline = self._later[0][0]
        # epoll counts in milliseconds: one more, so that a deadline has passed when it is looked at
        timeout = -1.0 if deadline is None else min(max(0.0, deadline - time.monotonic() + 0.001), LONGEST)
        # A callback may close descriptors whose events are in this batch, and open others that get their numbers.
        batch = [(self._watches[fd], mask) for fd, mask in self._epoll.poll(timeout) if fd in self._watches]
        self.turned = time.monotonic()
        for watch, mask in batch:
            if mask & WRITE and watch.on_write and self._is_current(watch):
                self._call(watch.on_write)
            if mask & ~WRITE and watch.on_read and self._is_current(watch):
                self._call(watch.on_read)
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._call(self._later.pop(0)[2])

    def _call(self, callback: Callback) -> None:
        try:
            callback()
        except Exception as error:
            if self._on_failure is None:
                raise
            self._on_failure(error)

    def _is_current(self, watch: _Watch) -> bool:
        return self._watches.get(watch.fd) is watch

    def _resume(self, watch: _Watch) -> None:
        watch.paused = False
        if self._is_current(watch):
            self._apply(watch)

    def _apply(self, watch: _Watch) -> None:
        known = watch.fd in self._watches
        if not watch.on_read and not watch.on_write:
            self.forget(watch.fd)
        elif known:
            self._epoll.modify(watch.fd, watch.mask)
        else:
            self._epoll.register(watch.fd, watch.mask)
            self._watches[watch.fd] = watch
