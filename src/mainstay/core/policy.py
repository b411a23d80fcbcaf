"""When a worker that ended by itself is started again, and how long to wait. Functions of their arguments."""

from mainstay.model.exits import Ending, Exited
from mainstay.model.never import assert_never
from mainstay.model.spec import Restart, RestartOn

STABLE_AFTER = 10.0
"""Seconds a worker must have served for its end not to count as one of a row."""

JITTER = 0.2
"""A wait is shortened by up to this share, so that many slots do not come back in step."""


def should_restart(policy: Restart, ending: Ending) -> bool:
    """Whether an end that nobody asked for is followed by a new start."""
    match policy.on:
        case RestartOn.ALWAYS:
            return True
        case RestartOn.FAILURE:
            return ending != Exited(0)
        case RestartOn.NEVER:
            return False
        case _:
            assert_never(policy.on)


def gave_up(policy: Restart, tries: int) -> bool:
    """Whether the number of ends in a row is beyond the limit that the user set."""
    return 0 < policy.give_up_after < tries


def wait_before(policy: Restart, tries: int, chance: float) -> float:
    """Seconds to wait after the `tries`-th end in a row; the first one is replaced at once.

    `chance` in [0, 1) is the randomness of the jitter.
    """
    if tries <= 1:
        return 0.0
    doublings = min(tries - 2, 30) if policy.exponential else 0
    wait = min(policy.cap, policy.first * float(2**doublings))
    return wait * (1.0 - JITTER * chance)
