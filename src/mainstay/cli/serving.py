"""`mainstay serve` while it runs: start what is declared, pass signals on, say how it goes, end when all has ended."""

from __future__ import annotations

import signal

from mainstay.cli.applying import Missed, carried_out, with_removals
from mainstay.cli.asking import touched, warn_survivors
from mainstay.cli.failures import show_error
from mainstay.cli.outcomes import Manner, show_outcomes
from mainstay.cli.own_daemon import AT_REST, TICK, DaemonGone, StopAsked
from mainstay.cli.signals import STOP
from mainstay.client.connection import Refused
from mainstay.errors import MainstayError
from mainstay.model.exits import signal_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainstay.cli.applying import Asked
    from mainstay.cli.own_daemon import OwnDaemon
    from mainstay.cli.served import Served
    from mainstay.cli.signals import Signals
    from mainstay.cli.terminal import Console
    from mainstay.protocol.shapes import AppDetail, Details, Exit, Outcome, Row, Touched
    from mainstay.sys.service_manager import ServiceManager

PASSED_ON = (signal.SIGUSR1, signal.SIGUSR2)
LISTENED_TO = (*STOP, signal.SIGHUP, *PASSED_ON)
"""The signals that mean something here."""


class Serving:
    """One run, from the first start to the end of everything."""

    def __init__(self, daemon: OwnDaemon, served: Served, manager: ServiceManager, console: Console) -> None:
        self._daemon = daemon
        self._served = served
        self._manager = manager
        self._console = console
        self.on_end: Callable[[], object] = lambda: None
        """Called when everything is about to end, while the daemon still knows all that there is."""
        self._rests = False
        daemon.on_tick = self._tell

    def run(self, signals: Signals) -> int:
        """Serve; the exit code."""
        try:
            code = self._start()
            if code is None:
                self._manager.ready()
                code = self._watch(signals)
        except StopAsked:
            self._say("stopping; workers finish what they are doing")
            code = 0
        except DaemonGone as gone:
            show_error(gone, self._console.err)
            self._manager.stopping()
            self._daemon.end_left_behind()
            return 1
        self._manager.stopping()
        self.on_end()
        self._daemon.kill()
        return code

    def _start(self) -> int | None:
        """Start everything; the exit code when that failed. Raises StopAsked, DaemonGone."""
        try:
            done = self._apply(self._served.requests("start"))
        except Refused as error:
            show_error(error, self._console.err)
            return _code_of_failure(touched(error.result)["apps"])
        if not done["apps"]:
            self._say("nothing is to be started again: no app was up when everything was shut down")
        return None

    def _apply(self, requests: Sequence[Asked]) -> Touched:
        done = carried_out(requests, self._daemon.ask)
        show_outcomes(done["apps"], Manner("apply", places=self._served.places), self._console)
        warn_survivors(done["survivors"], self._console)
        return done

    def _watch(self, signals: Signals) -> int:
        """Until everything has ended; the exit code. Raises StopAsked, DaemonGone."""
        while True:
            if self._daemon.tick() and self._is_over():
                return self._code()
            signals.wait(self._pause())
            if signals.take_stops():
                raise StopAsked
            for number in signals.take():
                self._heed(number)

    def _pause(self) -> float:
        """Seconds to the next look: soon, when everything may have ended, and when the service manager waits for us."""
        if self._rests:
            return 0.1
        return min(TICK, self._manager.period / 4) if self._manager.period else TICK

    def _heed(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._reload()
            return
        try:
            self._daemon.ask("signal", {"selectors": ["all"], "signal": str(number)})
        except Refused as error:
            show_error(error, self._console.err)

    def _reload(self) -> None:
        """What is declared now, no more than that, and the code as it is now. What cannot be done leaves what runs."""
        self._manager.reloading()
        self._say("reloading")
        try:
            requests = self._served.requests("reload")
            missed = Missed(self._console, whole=self._served.is_whole, prune=True)
            self._apply(with_removals(self._daemon, requests, self._served.specs, missed))
        except DaemonGone:
            raise
        except MainstayError as error:
            show_error(error, self._console.err)
        self._manager.ready()

    def _tell(self) -> None:
        """The daemon has answered: the service manager may know."""
        rows = self._daemon.rows
        online = sum(row["status"] == "online" for row in rows)
        self._manager.status(f"{online} of {len(rows)} online")
        self._manager.alive()

    def _is_over(self) -> bool:
        """Whether nothing runs or will run. Seen twice in a row: between an old and a new worker there is a moment."""
        rested, self._rests = self._rests, all(_is_at_rest(row) for row in self._daemon.rows)
        return rested and self._rests

    def _code(self) -> int:
        if not self._daemon.rows:
            return 0
        details: Details = self._daemon.ask("describe", {"selectors": ["all"]})
        return exit_code(details["apps"])

    def _say(self, text: str) -> None:
        self._console.err.print_all([f"mainstay: {text}"])


def exit_code(apps: Sequence[AppDetail]) -> int:
    """Of apps that have all ended: that of the app where there is one; of several, 1 when one failed. Stopped is 0."""
    last = [slot["exits"][-1] for app in apps for slot in app["slots"] if slot["exits"]]
    failures = [code for one in last if not one["asked"] and (code := _shell_code(one))]
    if len(apps) == 1:
        return failures[0] if failures else 0
    return 1 if failures else 0


def _is_at_rest(row: Row) -> bool:
    return row["status"] in AT_REST


def _shell_code(end: Exit) -> int:
    if end["code"] is not None:
        return end["code"]
    number = signal_number(end["signal"]) if end["signal"] else None
    return 1 if number is None else 128 + number


def _code_of_failure(outcomes: Sequence[Outcome]) -> int:
    """That of the app where there is one and it ended by itself, else 1."""
    code = outcomes[0]["code"] if len(outcomes) == 1 else None
    return code or 1
