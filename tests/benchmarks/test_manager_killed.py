"""A manager is back when a process like it has come that was not there before, and its list is complete."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.load import Tally
from benchmarks.loading import Load
from benchmarks.manager_killed import Sample, managed_again, section

MANAGER = ["sleep", "1000"]
CLEAN = Sample(
    load=Load(Tally(answered=500, latencies=[0.02]), Tally(answered=500, latencies=[0.03])),
    before=frozenset({1, 2}),
    after=frozenset({1, 2}),
    unanswered=0,
    managed_after=0.4,
    listed=2,
)
LOSING = replace(
    CLEAN,
    load=Load(Tally(answered=400, lost=Counter(refused=90), latencies=[0.1]), Tally(answered=500)),
    after=frozenset(),
    unanswered=20,
    managed_after=None,
    listed=0,
)


class FakeManaged:
    """A server of these processes, with a list that shows what it is told to."""

    def __init__(self, pids: list[int], online: list[int] | None) -> None:
        self._pids = pids
        self._online = online
        self.asked = False

    def pids(self) -> list[int]:
        return self._pids

    def stop(self) -> None:
        """Nothing to end."""

    def manager(self) -> int:
        return self._pids[0]

    def online(self) -> list[int] | None:
        self.asked = True
        return self._online


@contextmanager
def processes(count: int) -> Iterator[list[int]]:
    children = [subprocess.Popen(MANAGER) for _ in range(count)]
    try:
        yield [child.pid for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_a_successor_with_a_complete_list_manages_again() -> None:
    with processes(3) as (successor, *workers):
        running = FakeManaged([successor, *workers], workers)

        assert managed_again(running, frozenset(workers), MANAGER) is not None


def test_a_successor_is_enough_where_there_is_no_list() -> None:
    with processes(1) as pids:
        assert managed_again(FakeManaged(pids, None), frozenset(), MANAGER) is not None


def test_a_successor_that_lists_too_few_or_dead_workers_does_not_count() -> None:
    with processes(2) as (successor, worker):
        with processes(1) as (dead,):
            pass

        for online in ([], [worker], [worker, dead]):
            running = FakeManaged([successor, worker], online)
            assert managed_again(running, frozenset({worker}), MANAGER, patience=0.1) is None


def test_orphans_are_no_successors_and_the_list_is_not_asked_for() -> None:
    with processes(2) as workers:
        running = FakeManaged(workers, workers)

        assert managed_again(running, frozenset(workers), MANAGER, patience=0.1) is None
        assert not running.asked


def test_a_new_process_that_runs_something_else_is_no_successor() -> None:
    with processes(1) as pids:
        assert managed_again(FakeManaged(pids, None), frozenset(), ["sleep", "999"], patience=0.1) is None


def test_what_became_of_the_workers_is_told_by_who_answers() -> None:
    assert CLEAN.workers == "the same"
    assert replace(CLEAN, after=frozenset({2})).workers == "the same"
    assert replace(CLEAN, after=frozenset({2, 3})).workers == "replaced"
    assert LOSING.workers == "gone"


def test_the_table_says_what_was_lost_and_that_nobody_came() -> None:
    (table,) = section({"mainstay": [CLEAN, CLEAN], "PM2": [LOSING], "gunicorn": [replace(LOSING, listed=None)]}).tables
    ours, theirs, without_list = table.rows

    assert ours[3:] == ("0 (0 to 0)", "none", "30 (30 to 30)", "2 of 2", "the same", "0.40 (0.40 to 0.40)", "2 of 2")
    assert theirs[3:] == ("90", "refused 90", "100", "0 of 1", "gone", "never", "0 of 2")
    assert without_list[-1] == "has none"


def test_the_targets_are_about_every_run_of_ours() -> None:
    def kept(*runs: Sample) -> list[bool | None]:
        return [target.kept for target in section({"mainstay": list(runs)}).targets]

    assert kept(CLEAN, CLEAN) == [True, True]
    assert kept(CLEAN, LOSING) == [False, False]
    assert kept(CLEAN, replace(CLEAN, managed_after=2.5)) == [True, False]
    assert kept() == [None, None]
