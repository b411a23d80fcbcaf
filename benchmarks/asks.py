"""What is asked of whom, what one request cost, and the proof that it was done."""

import contextlib
from dataclasses import dataclass, field

from benchmarks.contender import CannotServe
from benchmarks.processes import TooSlow, cpu_seconds, until
from benchmarks.redis_server import Redis
from benchmarks.session_cookies import count_of, log_in
from benchmarks.stacks import Live, Stack
from benchmarks.wrk_counted import ANY, CONNECTIONS, send

SESSIONS = 64
MICRO = 1e6
FLUSH_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Ask:
    """A path of a stack. `logs`: each answer leaves a line; `session`: asked with cookies; `writes`: counts them up."""

    stack: Stack
    path: str
    logs: bool = False
    session: bool = False
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """The same answer with what is measured (`full`) and without it (`plain`); `what` says what is measured."""

    name: str
    what: str
    plain: Ask
    full: Ask
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU per request: of the stack's processes, and of Redis."""

    stack: float
    redis: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of a pair."""

    plain: Cost
    full: Cost

    @property
    def added(self) -> float:
        """What the stack's processes use more, in microseconds per request."""
        return self.full.stack - self.plain.stack


@dataclass(slots=True)
class Visit:
    """An ask within one life of its stack: the cookies it is made with, and how much was answered so far."""

    ask: Ask
    live: Live
    redis: Redis
    cookies: list[str] = field(default_factory=list)
    answered: int = 0
    times: int = 0

    def prepare(self, requests: int) -> None:
        """Begin the sessions, and warm the code up with that many requests. Raises CannotServe."""
        if self.ask.session:
            self.cookies = [log_in(self.live.port, self.ask.path) for _ in range(SESSIONS)]
        self._send(requests)

    def _send(self, requests: int) -> None:
        url = self.live.url(self.ask.path + "?page=2")
        self.answered += send(url, requests, self.cookies, expected=ANY if self.ask.writes else "1")
        self.times += 1

    def cost(self, requests: int) -> Cost:
        """Ask that many times; what one request took. Raises CannotServe."""
        stack, redis = self.live.cpu_seconds(), cpu_seconds([self.redis.pid])
        self._send(requests)
        stack, redis = self.live.cpu_seconds() - stack, cpu_seconds([self.redis.pid]) - redis
        return Cost(stack / requests * MICRO, redis / requests * MICRO)

    def prove(self) -> None:
        """See that lines are in the log and counters in the sessions, neither too few nor too many.

        Raises CannotServe.
        """
        if self.ask.logs:
            part = f"GET {self.ask.path}?"
            # What is written in batches may still be on its way.
            with contextlib.suppress(TooSlow):
                until(lambda: self.live.lines(part) >= self.answered, FLUSH_PATIENCE, "the lines of the log")
            self._see(self.live.lines(part), "lines in the log")
        if self.ask.writes:
            counts = [count_of(self.live.port, self.ask.path, cookie) for cookie in self.cookies]
            self._see(sum(counts) - SESSIONS, "writes in the sessions")

    def _see(self, found: int, what: str) -> None:
        # Each time wrk ended it may have left as many requests unanswered as it had connections.
        most = self.answered + self.times * CONNECTIONS
        if not self.answered <= found <= most:
            raise CannotServe(f"{self.ask.path}: {found} {what}, {self.answered} to {most} expected")
