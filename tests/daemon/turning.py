"""Letting a reactor run in the test's own process."""

import time
from collections.abc import Callable
from typing import TypeVar

from mainstay.daemon.reactor import Reactor
from tests.waiting import until

T = TypeVar("T")


def turned(reactor: Reactor, condition: Callable[[], T], what: str = "") -> T:
    """Run callbacks until the condition is true; its value."""

    def turn() -> T:
        reactor.wait(time.monotonic() + 0.01)
        return condition()

    return until(turn, what=what)
