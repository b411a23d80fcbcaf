"""The life of one slot."""

from dataclasses import replace

import pytest

from mainstay.core.events import BecameReady, Ended, Spawned, Tick
from mainstay.core.slot import (
    EXITS_KEPT,
    Again,
    AskToEnd,
    Backoff,
    Down,
    Failed,
    Finished,
    ForceEnd,
    Killing,
    Running,
    Slot,
    SlotEffect,
    SlotEvent,
    Spawn,
    Starting,
    Stopped,
    Stopping,
    Up,
    at_rest,
    deadline_of,
    step,
    worker_of,
)
from mainstay.model.exits import Ending, Exited, Signaled, Unstarted
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec, Restart, RestartOn
from tests.core.specs import JOBS

SPEC = replace(JOBS, start_timeout=30.0, stop_timeout=10.0)


class Played:
    """A slot, the time, and what was asked for so far."""

    def __init__(self, spec: AppSpec = SPEC) -> None:
        self.spec = spec
        self.now = 100.0
        self.slot = Slot(SlotId("jobs", 0), 1)
        self.effects: list[SlotEffect] = []

    @property
    def worker(self) -> WorkerId:
        return WorkerId(self.slot.id, 1, self.slot.serial)

    def step(self, event: SlotEvent, after: float = 0.0) -> "Played":
        self.now += after
        self.slot, effects = step(self.slot, event, self.now, self.spec)
        self.effects = list(effects)
        return self

    def born(self) -> "Played":
        return self.step(Up()).step(Spawned(self.worker, 7))

    def running(self) -> "Played":
        return self.born().step(BecameReady(self.worker), 0.5)

    def ended(self, ending: Ending, after: float = 0.0) -> "Played":
        return self.step(Ended(self.worker, ending, chance=0.0), after)


def with_policy(restart: Restart) -> Played:
    return Played(replace(SPEC, restart=restart)).running()


def test_a_slot_that_is_wanted_up_asks_for_a_worker_and_waits_for_it_no_longer_than_start_timeout() -> None:
    played = Played().step(Up())

    assert played.effects == [Spawn(played.worker)]
    assert deadline_of(played.slot) == 130.0


def test_a_worker_that_is_ready_runs_and_its_time_to_ready_is_known() -> None:
    played = Played().running()

    assert isinstance(played.slot.life, Running)
    assert played.slot.ready_after == 0.5
    assert deadline_of(played.slot) is None


def test_a_stop_is_a_signal_first_and_a_kill_when_the_time_is_over() -> None:
    played = Played().running().step(Down())
    asked = played.effects
    played.step(Tick(), after=9.9)
    patient = played.effects
    played.step(Tick(), after=0.1)

    assert asked == [AskToEnd(played.worker)]
    assert patient == []
    assert played.effects == [ForceEnd(played.worker)]
    assert isinstance(played.ended(Signaled(9)).slot.life, Stopped)


def test_an_end_that_was_asked_for_is_recorded_as_asked_and_leaves_the_slot_stopped() -> None:
    played = Played().running().step(Down()).ended(Exited(0), after=2.0)

    assert isinstance(played.slot.life, Stopped)
    assert (played.slot.exits[-1].asked, played.slot.exits[-1].ending) == (True, Exited(0))
    assert played.slot.exits[-1].uptime == 2.0


def test_a_worker_without_a_process_yet_is_asked_to_end_when_it_has_one_and_has_its_whole_time_then() -> None:
    played = Played().step(Up()).step(Down())
    before = (played.effects, deadline_of(played.slot))
    played.step(Spawned(played.worker, 7), after=60.0)

    assert before == ([], None)
    assert played.effects == [AskToEnd(played.worker)]
    assert deadline_of(played.slot) == played.now + 10.0


def test_a_worker_that_is_not_ready_in_time_is_ended_and_that_counts_as_its_fault() -> None:
    played = Played().born().step(Tick(), after=30.0)
    life = played.slot.life
    played.ended(Exited(0))

    assert isinstance(life, Stopping)
    assert life.fault == "not ready after 30 s"
    assert played.slot.exits[-1].ending == Unstarted("not ready after 30 s")
    assert not played.slot.exits[-1].asked
    assert isinstance(played.slot.life, Starting)


def test_a_worker_that_was_never_ready_has_not_finished_well_by_exiting_with_0_when_asked_to() -> None:
    played = Played(replace(SPEC, restart=Restart(on=RestartOn.FAILURE))).born()
    played.step(Tick(), after=30.0).ended(Exited(0))

    assert isinstance(played.slot.life, Starting)


def test_the_first_death_is_replaced_at_once_and_the_next_waits() -> None:
    played = Played().running().ended(Signaled(9))
    first = played.slot.life
    played.ended(Signaled(9))

    assert isinstance(first, Starting)
    assert played.slot.life == Backoff(played.now + 0.1)
    assert played.slot.restarts == 2


def test_the_wait_is_over_at_its_deadline_and_not_before() -> None:
    played = Played().running().ended(Signaled(9)).ended(Signaled(9))
    early = played.step(Tick(), after=0.05).slot.life
    late = played.step(Tick(), after=0.05).slot.life

    assert isinstance(early, Backoff)
    assert isinstance(late, Starting)


def test_a_worker_that_served_for_a_while_is_not_one_of_a_row() -> None:
    played = Played().running().ended(Signaled(9)).ended(Signaled(9)).step(Tick(), after=1.0)
    played.step(BecameReady(played.worker)).ended(Signaled(9), after=10.0)

    assert isinstance(played.slot.life, Starting)
    assert played.slot.tries == 1


@pytest.mark.parametrize(
    ("on", "life"), [(RestartOn.ALWAYS, Starting), (RestartOn.FAILURE, Finished), (RestartOn.NEVER, Finished)]
)
def test_exit_code_0_ends_a_job_for_good_unless_it_is_always_to_run(on: RestartOn, life: type) -> None:
    assert isinstance(with_policy(Restart(on=on)).ended(Exited(0)).slot.life, life)


def test_a_limit_of_tries_makes_the_slot_fail() -> None:
    played = with_policy(Restart(give_up_after=1)).ended(Exited(1))
    trying = played.slot.life
    played.ended(Exited(1))

    assert isinstance(trying, Starting)
    assert played.slot.life == Failed(Exited(1))
    assert at_rest(played.slot)


def test_a_slot_that_failed_starts_again_when_someone_asks() -> None:
    played = with_policy(Restart(give_up_after=1)).ended(Exited(1)).ended(Exited(1)).step(Up())

    assert isinstance(played.slot.life, Starting)
    assert played.slot.tries == 0


def test_a_restart_ends_the_worker_and_starts_another_one() -> None:
    played = Played().running()
    old = played.worker
    played.step(Again())
    asked = played.effects
    played.step(Ended(old, Exited(0)))

    assert asked == [AskToEnd(old)]
    assert played.effects == [Spawn(played.worker)]
    assert played.worker != old
    assert played.slot.restarts == 1


def test_a_stop_after_a_restart_wins() -> None:
    played = Played().running().step(Again()).step(Down()).ended(Exited(0))

    assert isinstance(played.slot.life, Stopped)


def test_a_slot_that_waits_and_is_not_wanted_stops_waiting() -> None:
    played = Played().running().ended(Signaled(9)).ended(Signaled(9)).step(Down())

    assert isinstance(played.slot.life, Stopped)
    assert deadline_of(played.slot) is None


def test_what_is_heard_of_another_worker_changes_nothing() -> None:
    played = Played().running()
    before = played.slot
    stranger = replace(played.worker, serial=99)

    for event in (Spawned(stranger, 8), BecameReady(stranger), Ended(stranger, Exited(1))):
        assert played.step(event).slot == before
        assert played.effects == []


def test_a_process_that_was_killed_is_waited_for_without_a_deadline() -> None:
    played = Played().running().step(Down()).step(Tick(), after=10.0)

    assert isinstance(played.slot.life, Killing)
    assert deadline_of(played.slot) is None
    assert worker_of(played.slot) is not None


def test_only_the_last_exits_are_kept() -> None:
    played = Played().running()
    for _ in range(EXITS_KEPT + 5):
        played.ended(Exited(1)).step(Tick(), after=100.0)

    assert len(played.slot.exits) == EXITS_KEPT
