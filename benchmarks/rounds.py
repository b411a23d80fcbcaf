"""The order of measuring: everybody once a round, every other round backwards, so that drift hits all alike."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from benchmarks.contender import CannotServe, Named, say

T = TypeVar("T")
C = TypeVar("C")
N = TypeVar("N", bound=Named)


def interleaved(who: Sequence[C], rounds: int) -> Iterator[tuple[int, C]]:
    """A, B, C, then C, B, A, and so on."""
    for number in range(rounds):
        for one in who if number % 2 == 0 else reversed(who):
            yield number, one


def attempt(contender: Named, what: str, measure: Callable[[], T]) -> T | None:
    """Measure one contender once and say how it went; None when it could not serve."""
    start = time.monotonic()
    try:
        found = measure()
    except CannotServe as error:
        say(f"  {contender.name}: {what}: FAILED: {error}")
        return None
    say(f"  {contender.name}: {what}: {found} [{time.monotonic() - start:.1f} s]")
    return found


def chosen(contenders: Sequence[N], *, with_ours: bool, only: Sequence[str] = ()) -> list[N]:
    """The contenders that take part: all peers, ours when there is a `mainstay` command; `only` cuts by name."""
    return [
        one
        for one in contenders
        if (with_ours or not one.ours) and (not only or any(part in one.name for part in only))
    ]
