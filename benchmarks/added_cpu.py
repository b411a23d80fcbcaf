"""CPU time per request that a part of a web stack adds: the same app is asked with it and without, in turns.

All stacks live at the same time, and whoever is not asked is idle. Each is started several times, since where its code
and data happen to lie in memory is the same for a whole life.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.asks import Pair, Sample, Visit
from benchmarks.contender import CannotServe, say
from benchmarks.redis_server import Redis, redis_server
from benchmarks.results import Scope
from benchmarks.rounds import interleaved
from benchmarks.stacks import Live, Stack, all_live

LIVES = 4
ROUNDS = 6
REQUESTS = 3000
Samples = dict[Pair, list[Sample]]


@dataclass(slots=True)
class Course:
    """A pair within one life; once something of it has failed it takes no further part, and nothing of it counts."""

    pair: Pair
    plain: Visit
    full: Visit
    failed: bool = False
    samples: list[Sample] = field(default_factory=list)

    def each(self, act: Callable[[Visit], None]) -> None:
        """Do something with both."""
        for visit in (self.plain, self.full):
            self._try(lambda visit=visit: act(visit))  # type: ignore[misc]

    def round(self, number: int, requests: int) -> None:
        """Measure both, every other round the other way round."""

        def measure() -> None:
            if number % 2:
                full, plain = self.full.cost(requests), self.plain.cost(requests)
            else:
                plain, full = self.plain.cost(requests), self.full.cost(requests)
            self.samples.append(Sample(plain, full))

        self._try(measure)

    def _try(self, act: Callable[[], None]) -> None:
        if self.failed:
            return
        try:
            act()
        except CannotServe as error:
            say(f"  {self.pair.name}, {self.pair.what}: FAILED: {error}")
            self.failed = True
            self.samples.clear()


def measure(pairs: Sequence[Pair], scope: Scope) -> Samples:
    """Every pair in every round of every life."""
    samples: Samples = {pair: [] for pair in pairs}
    stacks = list(dict.fromkeys(ask.stack for pair in pairs for ask in (pair.plain, pair.full)))
    for number in range(scope.rounds(LIVES)):
        say(f"  life {number + 1}")
        with redis_server() as redis, all_live(stacks, {"REDIS_URL": redis.url, "APP_ENV": "production"}) as running:
            for course in one_life(list(_courses(pairs, running, redis)), scope):
                samples[course.pair] += course.samples
    return samples


def _courses(pairs: Sequence[Pair], running: Mapping[Stack, Live], redis: Redis) -> Iterator[Course]:
    """Those whose stacks have started."""
    for pair in pairs:
        if pair.plain.stack in running and pair.full.stack in running:
            plain, full = (Visit(ask, running[ask.stack], redis) for ask in (pair.plain, pair.full))
            yield Course(pair, plain, full)


def one_life(courses: Sequence[Course], scope: Scope) -> Sequence[Course]:
    """Warm up, take the rounds, and see in the end that what was measured was done."""
    requests = REQUESTS // 5 if scope.quick else REQUESTS
    for course in courses:
        course.each(lambda visit: visit.prepare(requests))
    for number, course in interleaved(courses, 2 if scope.quick else ROUNDS):
        course.round(number, requests)
    for course in courses:
        course.each(lambda visit: visit.prove())
        if course.samples:
            added = sorted(sample.added for sample in course.samples)
            say(f"  {course.pair.name}, {course.pair.what}: adds {added[len(added) // 2]:.1f} µs")
    return courses
