"""When to try a server again that could not be reached: later each time, and not all processes at one instant."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST = 0.05
CAP = 2.0
_MOST_DOUBLINGS = 16


def delay(failures: int, share: float) -> float:
    """Seconds to wait after that many failures in a row; `share` in [0, 1) spreads it over the upper half."""
    longest = min(CAP, FIRST * float(2 ** min(failures - 1, _MOST_DOUBLINGS)))
    return longest * (0.5 + share / 2)


@dataclass(slots=True)
class Backoff:
    """The failures in a row of one server, and the instant before which it is left alone."""

    chance: Callable[[], float] = random.random
    failures: int = 0
    not_before: float = 0.0
    error: Exception | None = field(default=None, repr=False)

    def failed(self, error: Exception, now: float) -> None:
        """Note a failure; it is the answer of all who ask before the next try."""
        self.failures += 1
        self.error = error
        self.not_before = now + delay(self.failures, self.chance())

    def succeeded(self) -> None:
        """Forget the failures."""
        self.failures = 0
        self.not_before = 0.0
        self.error = None

    def refusal(self, now: float) -> Exception | None:
        """The failure to answer with instead of trying, None when it is time to try."""
        return self.error if now < self.not_before else None
