"""Who watches over the workers that serve: each watcher is loaded when some app first asks for what it does.

A watcher is given the fleet whenever it has changed, and works out from that alone whom to watch: so a daemon that
comes up beside workers that run watches over them as the one before it did.
"""

from contextlib import suppress

from mainstay.core.app import App
from mainstay.core.fleet import Fleet
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.workers import Post, Workers, notifies
from mainstay.model.spec import AppSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Watcher(Protocol):
        """Watches over workers in one way. Not there when running: `typing` would cost the daemon a megabyte."""

        def follow(self, fleet: Fleet) -> None:
            """Watch over those that this fleet has, and no others."""


class Care:
    """All watchers."""

    def __init__(self, reactor: Reactor, workers: Workers, post: Post) -> None:
        self._parts = (reactor, workers, post)
        self._workers = workers
        self._watchers: dict[str, Watcher] = {}
        self._apps: dict[str, App] = {}

    def follow(self, fleet: Fleet) -> None:
        """The fleet may have changed."""
        if fleet.apps is self._apps:
            return
        self._apps = fleet.apps
        for app in fleet.apps.values():
            for spec in app.specs.values():
                self._load(spec)
        for watcher in self._watchers.values():
            watcher.follow(fleet)

    def _load(self, spec: AppSpec) -> None:
        if notifies(spec):
            with suppress(OSError):  # a start says so
                self._workers.hear_programs()
        if spec.health and "health" not in self._watchers:
            from mainstay.daemon.health import HealthWatch

            self._watchers["health"] = HealthWatch(*self._parts)
        if spec.limits.memory and "memory" not in self._watchers:
            from mainstay.daemon.limits import MemoryWatch

            self._watchers["memory"] = MemoryWatch(*self._parts)
        if (spec.limits.watchdog or spec.limits.requests) and "watchdog" not in self._watchers:
            from mainstay.daemon.watchdog import Watchdog

            self._watchers["watchdog"] = Watchdog(*self._parts)
