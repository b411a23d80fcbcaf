"""Which requests get no line."""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mainstay.web.accesslog.exchange import Exchange

Skip = Callable[[Exchange], object]
FAILED = 500


@dataclass(frozen=True, slots=True)
class Quiet:
    """A rule for `skip`: requests that fit everything that is given get no line.

    `path` is the start of a path or a compiled pattern to search for in it; `method` and `status` are one or several,
    a status such as 2 meaning all of 200 to 299; `faster_than` is in seconds. Failures (a status of 500 or more, an
    exception, a client that left) are logged all the same unless `failures` is true: a health check that fails is news.
    """

    path: str | re.Pattern[str] | None = None
    method: str | Iterable[str] | None = None
    status: int | Iterable[int] | None = None
    faster_than: float | None = None
    failures: bool = False

    def __call__(self, exchange: Exchange) -> bool:
        """Whether it gets no line."""
        if not self.failures and has_failed(exchange):
            return False
        return (
            self._fits_path(exchange.path)
            and (self.method is None or exchange.method in _methods(self.method))
            and (self.status is None or bool({exchange.status, exchange.status // 100} & set(_statuses(self.status))))
            and (self.faster_than is None or exchange.seconds < self.faster_than)
        )

    def _fits_path(self, path: str) -> bool:
        match self.path:
            case None:
                return True
            case str() as start:
                return path == start or path.startswith(start.rstrip("/") + "/")
            case pattern:
                return pattern.search(path) is not None


def has_failed(exchange: Exchange) -> bool:
    """Whether it ended badly: the server's fault, or the client left before the end."""
    return exchange.status >= FAILED or exchange.error is not None or exchange.completed == "X"


def sampled(rate: float, chance: Callable[[], float] = random.random) -> Skip:
    """A rule for `skip` that leaves a line of `rate` (0 to 1) of the requests, and of every failure."""
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate is from 0 to 1, not {rate}")
    return lambda exchange: not has_failed(exchange) and chance() >= rate


def _methods(value: str | Iterable[str]) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value


def _statuses(value: int | Iterable[int]) -> Iterable[int]:
    return (value,) if isinstance(value, int) else value
