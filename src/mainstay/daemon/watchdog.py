"""Workers that must be heard of: one that is silent for too long writes where it is stuck, and is then replaced.

Our own runtime says that it lives over its control socket, three times in the time that it may be silent; it is watched
from when it has been told so. A program is watched from its first WATCHDOG=1 on (sd_notify(3)).
"""

import time

from mainstay.core.app import every_slot
from mainstay.core.events import Stuck
from mainstay.core.fleet import Fleet
from mainstay.core.policy import share_of
from mainstay.core.slot import Running, Starting
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.workers import Post, Workers
from mainstay.model.ids import WorkerId
from mainstay.model.spec import Limits, PythonApp

DUMP_TIME = 0.3
"""Seconds that a stuck worker gets to write its stacks."""


class Watchdog:
    """All workers that are watched, and one timer for the next that would have been silent for too long."""

    def __init__(self, reactor: Reactor, workers: Workers, post: Post) -> None:
        self._reactor = reactor
        self._workers = workers
        self._post = post
        self._limits: dict[WorkerId, float] = {}
        self._ours: set[WorkerId] = set()
        self._stuck: set[WorkerId] = set()
        self._due = float("inf")
        self._timer = 0
        """The number of the timer that counts: those before it are late for nothing."""

    def follow(self, fleet: Fleet) -> None:
        """Tell workers of ours what they may, and watch those that serve."""
        self._limits, self._ours = {}, set()
        for app in fleet.apps.values():
            for slot in every_slot(app):
                limits = app.specs[slot.generation].limits
                if not isinstance(slot.life, Starting | Running) or not slot.life.worker.pid:
                    continue
                worker = slot.life.worker.id
                if isinstance(app.specs[slot.generation].program, PythonApp):
                    self._ours.add(worker)
                    self._workers.limit(worker, limits.watchdog, requests_of(limits, worker))
                if limits.watchdog and isinstance(slot.life, Running):
                    self._limits[worker] = limits.watchdog
        self._look()

    def _look(self) -> None:
        now, nearest = time.monotonic(), float("inf")
        for worker, limit in self._limits.items():
            heard = self._workers.heard(worker)
            if worker in self._stuck:
                continue
            if heard and now >= heard + limit:
                self._give_up_on(worker, limit, heard)
            else:
                nearest = min(nearest, (heard or now) + limit)  # what has not spoken yet may do so at any time
        if nearest < self._due or self._due <= now:
            self._due = nearest
            self._timer += 1
            number = self._timer
            if nearest < float("inf"):
                self._reactor.later(nearest - now, lambda: self._wake(number))

    def _wake(self, number: int) -> None:
        if number == self._timer:
            self._due = 0.0  # it has passed
            self._look()

    def _give_up_on(self, worker: WorkerId, limit: float, heard: float) -> None:
        self._stuck.add(worker)
        self._workers.dump(worker)

        def end() -> None:
            self._stuck.discard(worker)
            if worker not in self._limits:
                return
            if self._workers.heard(worker) == heard:
                what = "event loop blocked" if worker in self._ours else "silent"
                self._post(Stuck(worker, f"{what} for {limit:g} s"))
            self._look()

        self._reactor.later(DUMP_TIME, end)


def requests_of(limits: Limits, worker: WorkerId) -> int:
    """How many requests this worker may answer: those of an app do not all end at the same one."""
    return max(1, round(limits.requests * share_of(worker))) if limits.requests else 0
