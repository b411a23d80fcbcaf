"""When what is scheduled is due: the wall clock, cron expressions and time zones. One timer for all schedules.

The clock is looked at every minute at least: one that was set, and a machine that slept, are noticed. What was due
meanwhile is due once, now. A clock that goes back by less than an hour makes no time come twice.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from mainstay.core.app import schedule_of
from mainstay.core.effects import Arm
from mainstay.core.events import Armed, Due, Event
from mainstay.core.fleet import Fleet
from mainstay.daemon.reactor import Reactor
from mainstay.errors import UsageError
from mainstay.model.spec import AppSpec

LOOK_EVERY = 60.0
BACK = 3600.0
"""Seconds by which a clock may go back and be waited for; when it goes back further, schedules count from there."""

Post = Callable[[Event], None]


@dataclass(slots=True)
class Entry:
    """A schedule that counts; `next` in epoch seconds, None when it is never due."""

    cron: str
    timezone: str
    next: float | None


class Schedules:
    """All schedules, by app. `clock` tells the time of day."""

    def __init__(self, reactor: Reactor, post: Post, clock: Callable[[], float] = time.time) -> None:
        self._reactor = reactor
        self._post = post
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._timer = 0
        self._seen = clock()

    def arm(self, effect: Arm) -> None:
        """Count from now on."""
        now = self._clock()
        self._add(effect.app, effect.cron, effect.timezone, now)
        self._post(Armed(effect.app, now))
        self.look()

    def disarm(self, app: str) -> None:
        """Count no longer."""
        self._entries.pop(app, None)

    def resume(self, fleet: Fleet) -> None:
        """Take up the schedules of a fleet from before; what was due since it was last looked at is due now."""
        now = self._clock()
        for name, app in fleet.apps.items():
            if schedule := schedule_of(app):
                self._add(name, schedule[0], schedule[1], min(now, app.job.seen if app.job and app.job.seen else now))
        self.look()

    def next(self, app: str) -> float | None:
        """When an app is due, in epoch seconds."""
        entry = self._entries.get(app)
        return entry.next if entry else None

    def look(self) -> None:
        """Tell what is due, and look again when something will be."""
        now = self._clock()
        gone_back = now < self._seen - BACK
        self._seen = now if gone_back else max(now, self._seen)
        for app, entry in self._entries.items():
            is_due = entry.next is not None and entry.next <= now
            if is_due:
                self._post(Due(app, now))
            if is_due or gone_back:
                entry.next = next_after(entry.cron, entry.timezone, now)
        self._wait(now)

    def _add(self, app: str, cron: str, timezone: str, since: float) -> None:
        self._entries[app] = Entry(cron, timezone, next_after(cron, timezone, since))

    def _wait(self, now: float) -> None:
        self._timer += 1
        mine = self._timer
        if self._entries:
            times = [entry.next for entry in self._entries.values() if entry.next is not None]
            seconds = min(LOOK_EVERY, max(0.0, min(times, default=now + LOOK_EVERY) - now))
            self._reactor.later(seconds, lambda: self.look() if mine == self._timer else None)


def next_after(cron: str, timezone: str, after: float) -> float | None:
    """The first time after an instant (both epoch seconds); None when there is none. Raises UsageError."""
    _lend()
    from cronsim import CronSim, CronSimError

    try:
        return next(CronSim(cron, datetime.fromtimestamp(after, _zone(timezone)))).timestamp()
    except StopIteration:
        return None
    except CronSimError as error:
        raise UsageError(f"{cron!r} is no schedule: {error}", hint='like "0 3 * * *": every day at 03:00') from error


def check(spec: AppSpec) -> None:
    """Refuse a spec whose schedules cannot be read. Raises UsageError."""
    if spec.schedule:
        next_after(spec.schedule.cron, spec.schedule.timezone, time.time())
    if spec.restart.schedule:
        next_after(spec.restart.schedule, "", time.time())


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    name = name or os.environ.get("TZ", "").removeprefix(":")
    try:
        if name:
            return ZoneInfo(name)
        with open("/etc/localtime", "rb") as file:
            return ZoneInfo.from_file(file)
    except FileNotFoundError:
        return ZoneInfo("UTC")
    except (ValueError, OSError, LookupError) as error:
        raise UsageError(f"there is no time zone {name!r}", hint='like "Europe/Berlin" or "UTC"') from error


def _lend() -> None:
    """Have cronsim found where mainstay is installed: the daemon runs with nothing but our own package in sight."""
    site = os.environ.get("MAINSTAY_SITE", "")
    if "cronsim" in sys.modules or not site:
        return
    sys.path.append(site)
    try:
        import cronsim  # noqa: F401
    except ImportError as error:
        hint = "install mainstay again: cronsim belongs to it"
        raise UsageError("cannot read a schedule: cronsim is not there", hint=hint) from error
    finally:
        sys.path.remove(site)
