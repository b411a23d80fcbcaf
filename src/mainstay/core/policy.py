"""When a worker that ended by itself is started again, and how long to wait. Functions of their arguments."""

from mainstay.core.events import Cause
from mainstay.model.exits import Ending, Exited
from mainstay.model.ids import WorkerId
from mainstay.model.never import assert_never
from mainstay.model.spec import Restart, RestartOn

STABLE_AFTER = 10.0
"""Seconds a worker must have served for its end not to count as one of a row."""

JITTER = 0.2
"""A wait is shortened by up to this share, so that many slots do not come back in step."""

AGE_JITTER = 0.1
"""A worker is old by up to this share earlier than it may be, so that those of an app are not replaced in step."""

SOON = 120.0
"""Seconds after which it is no longer a row when a worker has a fault as the one before it had."""

RETRY = 1.0
REST = 10.0
REST_CAP = 60.0
"""Seconds: between two tries to replace a worker, and for which one must serve before it is replaced again."""


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


def share_of(worker: WorkerId) -> float:
    """The share of its limits after which this worker is old, in (0.9, 1]: always the same for the same worker."""
    number = 0
    for letter in worker.token:
        number = (number * 31 + ord(letter)) * 2654435761 % 2**32
    return 1.0 - AGE_JITTER * number / 2**32


def rest_before(cause: Cause, replaced: int) -> float:
    """Seconds a worker must have served before it is replaced, after so many in a row that were, for a fault."""
    if cause is Cause.AGE or replaced == 0:
        return 0.0
    return min(REST_CAP, REST * float(2 ** min(replaced - 1, 10)))


def retry_after(policy: Restart, tries: int, chance: float) -> float:
    """Seconds until a replacement is tried again that has failed, as one of so many ends in a row."""
    return max(min(REST_CAP, RETRY * float(2 ** min(tries - 1, 10))), wait_before(policy, tries, chance))
