"""Health checks: when a worker is looked at, and what follows from what was seen. How it is looked at is in `checks`.

A worker that starts is ready when its first check is passed. One that serves is unfit after so many failures in a row,
and well again after one success. Each worker of our runtime on uvicorn is asked itself, over a connection that it is
handed; so is a program that has a port of its own. All others share their address with the other workers of their app:
there, what answers stands for all of them, and on granian nothing is asked before a worker is ready.
"""

import socket

from mainstay.core.app import App, every_slot, is_python, is_unhealthy, takes_connections
from mainstay.core.events import BecameReady, Cause, NotYet, Recovered, Unfit
from mainstay.core.fleet import Fleet
from mainstay.core.policy import AGE_JITTER, share_of
from mainstay.core.slot import Running, Slot, Starting
from mainstay.daemon import checks, environment
from mainstay.daemon.privileges import under
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.sweep import MARK
from mainstay.daemon.targets import Unreachable, connect, host_of, targets
from mainstay.daemon.templates import why_not_started
from mainstay.daemon.workers import Post, Workers
from mainstay.model.ids import WorkerId
from mainstay.model.never import assert_never
from mainstay.model.spec import AppSpec, CommandCheck, Health, HttpCheck, TcpCheck
from mainstay.sys.spawn import Spawn, SpawnFailed

NOT_UP = 0.05
"""Seconds between two looks whether a worker that starts can be asked at all."""
FIRST = 0.1
SLOWEST = 2.0
"""Seconds between two checks of a worker that starts: ever more, from one to the other."""


class HealthWatch:
    """The checkers of all workers that have a health check."""

    def __init__(self, reactor: Reactor, workers: Workers, post: Post) -> None:
        self.reactor = reactor
        self.workers = workers
        self.post = post
        self._checkers: dict[WorkerId, Checker] = {}

    def follow(self, fleet: Fleet) -> None:
        """Look after the workers that start or serve."""
        found: dict[WorkerId, Checker] = {}
        for app in fleet.apps.values():
            for slot in every_slot(app):
                spec = app.specs[slot.generation]
                if spec.health and isinstance(slot.life, Starting | Running) and slot.life.worker.pid:
                    worker = slot.life.worker.id
                    found[worker] = self._checkers.get(worker) or Checker(self, worker)
                    found[worker].learn(app, slot, spec.health)
        for worker, checker in self._checkers.items():
            if worker not in found:
                checker.stop()
        self._checkers = found


class Checker:
    """Looks after one worker, from when it has a pid until it is to end."""

    def __init__(self, watch: HealthWatch, worker: WorkerId) -> None:
        self._watch = watch
        self._worker = worker
        self._attempt: checks.Attempt | None = None
        self._failures = 0
        self._why = ""
        self._wait = FIRST
        self._begun = False
        self._stopped = False

    def learn(self, app: App, slot: Slot, health: Health) -> None:
        """What the core knows of the worker now."""
        self._spec = app.specs[slot.generation]
        self._addresses = app.addresses
        self._health = health
        self._starting = isinstance(slot.life, Starting)
        self._unhealthy = is_unhealthy(app, slot)
        if not self._begun:
            self._begun = True
            spread = (1.0 - share_of(self._worker)) / AGE_JITTER
            self._later(NOT_UP if self._starting else health.interval * spread)

    def stop(self) -> None:
        """It is to end: nothing is asked of it any more."""
        self._stopped = True
        if self._attempt:
            self._attempt.cancel()
        if self._starting and self._watch.workers.is_up(self._worker):  # or its health matters no more
            self._watch.reactor.later(0.0, lambda: self._watch.post(BecameReady(self._worker)))

    def _later(self, seconds: float) -> None:
        self._watch.reactor.later(seconds, self._look)

    def _look(self) -> None:
        if self._stopped:
            return
        if self._starting and not self._watch.workers.is_up(self._worker):
            self._later(NOT_UP)
            return
        if self._starting and accepts_only_when_ready(self._spec):
            self._seen("")
            return
        try:
            self._attempt = self._begin(self._seen)
        except (Unreachable, OSError) as error:
            self._seen(str(error))
        except SpawnFailed as error:  # whoever it is to run as is no more
            self._seen(why_not_started(error))

    def _begin(self, done: checks.Done) -> checks.Attempt:
        reactor, timeout, check = self._watch.reactor, self._health.timeout, self._health.check
        match check:
            case HttpCheck(path=path):
                where = targets(self._spec, self._worker, self._addresses)
                request = checks.http_request(path, host_of(where))
                return checks.Connection(reactor, self._connect(where), timeout, self._named(done, path), request)
            case TcpCheck(address=address):
                where = (address,) if address else targets(self._spec, self._worker, self._addresses)
                return checks.Connection(reactor, connect(where), timeout, self._named(done, "".join(where[:1])))
            case CommandCheck(argv=argv):
                children = self._watch.workers.children
                recipe = recipe_of(self._spec, self._worker, argv)
                return checks.Program(reactor, children, recipe, timeout, self._named(done, argv[0]))
            case _:
                assert_never(check)

    def _connect(self, where: tuple[str, ...]) -> socket.socket:
        """A connection to this very worker where that can be had. Raises Unreachable, OSError."""
        if not takes_connections(self._spec):
            return connect(where)
        own = self._watch.workers.connect(self._worker)
        if own is None:
            raise Unreachable("it takes no connection")
        return own

    @staticmethod
    def _named(done: checks.Done, what: str) -> checks.Done:
        return lambda why: done(f"{what}: {why}" if why else "")

    def _seen(self, why: str) -> None:
        self._attempt = None
        if self._stopped:
            return
        if self._starting:
            self._later(self._seen_at_start(why))
            return
        self._failures = self._failures + 1 if why else 0
        if self._failures >= self._health.failures:
            reason = f"unhealthy: {self._failures} checks in a row failed, {why}"
            self._watch.post(Unfit(self._worker, Cause.HEALTH, reason))
        elif self._unhealthy and not why:
            self._watch.post(Recovered(self._worker))
        self._later(self._health.interval)

    def _seen_at_start(self, why: str) -> float:
        """Seconds until the next look."""
        if not why:
            self._watch.post(BecameReady(self._worker))
            return self._health.interval
        if why != self._why:
            self._why = why
            self._watch.post(NotYet(self._worker, f"its health check says: {why}"))
        wait, self._wait = self._wait, min(self._wait * 2, SLOWEST)
        return wait


def accepts_only_when_ready(spec: AppSpec) -> bool:
    """Whether it cannot be asked before it is ready: it takes no connection that is handed to it, and no others yet."""
    served_by_us = is_python(spec) and not takes_connections(spec)
    return served_by_us and spec.health is not None and isinstance(spec.health.check, HttpCheck)


def recipe_of(spec: AppSpec, worker: WorkerId, argv: tuple[str, ...]) -> Spawn:
    """A check's command as it is started: in the app's folder, with the environment and privileges of its worker.

    Raises SpawnFailed.
    """
    env = environment.declared(spec) | environment.of_worker(spec, worker)
    del env[MARK]  # it is not one of the worker's own processes
    return under(spec.privileges, Spawn(argv, env, spec.cwd, -1, -1))
