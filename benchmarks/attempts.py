"""Proof that a reload happened: without it, a server that ignored the signal would look perfect.

A release that works carries a new version, and is only believed when every answer names it. A release that cannot
work never answers; that somebody tried it shows in processes that were not there before.
"""

import threading
import time

from benchmarks.contender import Running, Site, whoami

LOOK_EVERY = 0.1
ANSWERS = 20
PATIENCE = 20.0


def release_version(site: Site, version: str) -> None:
    """Release the same good code under another version, in one step."""
    site.release(site.app.value, version=version)


def serves_everywhere(site: Site, version: str) -> bool:
    """Whether, within 20 s, twenty answers over fresh connections in a row name that version."""
    end = time.monotonic() + PATIENCE
    in_a_row = 0
    while in_a_row < ANSWERS and time.monotonic() < end:
        who = whoami(site.port, 2.0)
        in_a_row = in_a_row + 1 if who is not None and who.version == version else 0
        time.sleep(0.02)
    return in_a_row == ANSWERS


class Newcomers:
    """Notes every process of a server that was not there when the block began; a context manager."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._known = set(running.pids())
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.seen: set[int] = set()

    def __enter__(self) -> "Newcomers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            self.seen |= set(self._running.pids()) - self._known
