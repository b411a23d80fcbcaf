"""When the disk holds capture up, relief takes over the reading, so that no app waits for the disk.

Relief is a thread that sleeps while nothing is written. It only reads, into bounded memory; capture alone writes, in
order, and takes the reading back when everything that was kept is written.
"""

import time
from collections.abc import Callable

from mainstay.sys.threads import Event, lock

LIMIT = 1.0
"""Seconds one write may take before relief takes over."""
TICK = 0.1
QUIET = 10
"""Ticks without a write after which relief goes to sleep."""


class Stall:
    """What the two threads say to each other."""

    def __init__(self) -> None:
        self.taken = False
        """Relief reads; capture must not."""
        self._since = 0.0
        self._path = ""
        self._writes = 0
        self._guard = lock()
        self._reading = lock()
        self._awake = Event()
        self._closed = False

    def begin(self, path: str) -> None:
        """Capture is about to touch the disk."""
        self._path = path
        self._writes += 1
        self._since = time.monotonic()
        if not self._awake.is_set():
            self._awake.set()

    def end(self) -> None:
        """The disk has answered. After this, look at `taken` before reading."""
        with self._guard:
            self._since = 0.0

    def take_back(self) -> None:
        """Capture reads again; returns when relief has stopped."""
        with self._guard:
            self.taken = False
        with self._reading:
            pass

    def close(self) -> None:
        """Let the relief thread end."""
        self._closed = True
        self._awake.set()

    def relieve(self, read_round: Callable[[], None], report: Callable[[str], None]) -> None:
        """The body of the relief thread: `read_round` reads what is there, waiting a moment at most."""
        while True:
            self._awake.wait()
            quiet, seen = 0, self._writes
            while quiet < QUIET and not self._closed:
                time.sleep(TICK)
                quiet = quiet + 1 if seen == self._writes and not self._since else 0
                seen = self._writes
                if self._take_over():
                    report(f"disk slow: {self._path}: output is kept in memory (8 MiB per stream), then dropped")
                    with self._reading:
                        while self.taken and not self._closed:
                            read_round()
            if self._closed:
                return
            self._awake.clear()
            if self._since or seen != self._writes:
                self._awake.set()

    def _take_over(self) -> bool:
        with self._guard:
            if self._since and time.monotonic() - self._since > LIMIT and not self.taken:
                self.taken = True
                return True
            return False
