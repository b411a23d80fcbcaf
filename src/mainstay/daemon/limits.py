"""How much memory workers take, each with all that it has started, looked at every few seconds.

The resident size is cheap to read and never below the share that counts (PSS: what the worker has alone, and its part
of what it shares with the template and the other workers). So only where it is over the limit the share is worked out.
Nothing is killed: a worker over its limit is replaced as by a reload. For a hard limit there is the kernel's.
"""

import time

from mainstay.core.app import every_slot
from mainstay.core.events import Cause, Unfit
from mainstay.core.fleet import Fleet
from mainstay.core.slot import Running
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.workers import Post, Workers
from mainstay.model.ids import WorkerId
from mainstay.sys import procfs

LOOK_EVERY = 3.0
SHARE_FRESH = 30.0
"""Seconds after which a share is worked out again though the resident size has hardly changed."""
MB = 1024 * 1024


class MemoryWatch:
    """All workers whose memory is limited, and one timer for all of them."""

    def __init__(self, reactor: Reactor, workers: Workers, post: Post) -> None:
        self._reactor = reactor
        self._workers = workers
        self._post = post
        self._limits: dict[WorkerId, int] = {}
        self._quiet: dict[WorkerId, tuple[float, int]] = {}
        """Until when, and up to which resident size, the share of a worker cannot be over its limit."""
        self._waiting = False

    def follow(self, fleet: Fleet) -> None:
        """Watch the workers that serve."""
        self._limits = {
            slot.life.worker.id: limit
            for app in fleet.apps.values()
            for slot in every_slot(app)
            if isinstance(slot.life, Running) and (limit := app.specs[slot.generation].limits.memory)
        }
        self._quiet = {worker: quiet for worker, quiet in self._quiet.items() if worker in self._limits}
        self._wait()

    def _wait(self) -> None:
        if self._limits and not self._waiting:
            self._waiting = True
            self._reactor.later(LOOK_EVERY, self._look)

    def _look(self) -> None:
        self._waiting = False
        for worker, limit in self._limits.items():
            used = self._over(worker, limit)
            if used:
                reason = f"its memory of {used / MB:.0f} MB is over its limit of {limit / MB:.0f} MB"
                self._post(Unfit(worker, Cause.MEMORY, reason))
        self._wait()

    def _over(self, worker: WorkerId, limit: int) -> int:
        """The memory of a worker that takes more than it may, else 0."""
        pids = self._workers.tree(worker)
        resident = sum(procfs.rss(pid) or 0 for pid in pids)
        until, size = self._quiet.get(worker, (0.0, 0))
        if resident <= limit or (time.monotonic() < until and resident < size):
            return 0
        share = sum(procfs.pss(pid) or 0 for pid in pids)
        if share > limit:
            return share
        self._quiet[worker] = (time.monotonic() + SHARE_FRESH, resident + (limit - share) // 2)
        return 0
