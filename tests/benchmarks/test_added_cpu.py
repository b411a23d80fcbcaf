"""A pair that fails once counts for nothing; the others go on."""

from pathlib import Path

from benchmarks.added_cpu import Course
from benchmarks.asks import Ask, Cost, Pair, Visit
from benchmarks.contender import CannotServe
from benchmarks.redis_server import Redis
from benchmarks.stacks import Live, Stack

STACK = Stack("fake", lambda _: [])
PLAIN, FULL = Ask(STACK, "/bare"), Ask(STACK, "/read")


class Scripted(Visit):
    """A visit whose costs are known; None is a failure."""

    def __init__(self, ask: Ask, costs: list[float | None], order: list[str]) -> None:
        super().__init__(ask, Live(STACK, 0, Path("/"), ()), Redis(0, 0))
        self._costs = costs
        self._order = order

    def cost(self, requests: int) -> Cost:  # noqa: ARG002
        self._order.append(self.ask.path)
        found = self._costs.pop(0)
        if found is None:
            raise CannotServe("no answer")
        return Cost(found, 0.0)


def course(plain: list[float | None], full: list[float | None], order: list[str]) -> Course:
    return Course(Pair("p", "w", PLAIN, FULL), Scripted(PLAIN, plain, order), Scripted(FULL, full, order))


def test_every_other_round_is_the_other_way_round() -> None:
    order: list[str] = []
    one = course([1.0, 2.0], [3.0, 5.0], order)

    one.round(0, 10)
    one.round(1, 10)

    assert order == ["/bare", "/read", "/read", "/bare"]
    assert [sample.added for sample in one.samples] == [2.0, 3.0]


def test_nothing_of_a_pair_that_failed_counts_and_it_is_asked_no_more() -> None:
    order: list[str] = []
    one = course([1.0, 1.0, 1.0], [2.0, None, 2.0], order)

    for number in range(3):
        one.round(number, 10)

    assert one.failed
    assert one.samples == []
    assert len(order) == 3
