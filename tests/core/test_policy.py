"""When a worker that ended by itself is started again, and how long that takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.core.events import Cause
from mainstay.core.policy import JITTER, gave_up, rest_before, retry_after, share_of, should_restart, wait_before
from mainstay.model.exits import Ending, Exited, Signaled, Unstarted, Vanished
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import Restart, RestartOn


@pytest.mark.parametrize("ending", [Exited(1), Signaled(9), Unstarted("no such file"), Vanished()])
def test_a_failure_is_followed_by_a_new_start_unless_the_policy_is_never(ending: Ending) -> None:
    assert should_restart(Restart(on=RestartOn.ALWAYS), ending)
    assert should_restart(Restart(on=RestartOn.FAILURE), ending)
    assert not should_restart(Restart(on=RestartOn.NEVER), ending)


def test_exit_code_0_is_a_failure_only_for_a_program_that_is_always_to_run() -> None:
    assert should_restart(Restart(on=RestartOn.ALWAYS), Exited(0))
    assert not should_restart(Restart(on=RestartOn.FAILURE), Exited(0))
    assert not should_restart(Restart(on=RestartOn.NEVER), Exited(0))


def test_nothing_is_given_up_unless_someone_set_a_limit() -> None:
    assert not gave_up(Restart(), 1_000_000)
    assert not gave_up(Restart(give_up_after=3), 3)
    assert gave_up(Restart(give_up_after=3), 4)


def test_the_first_end_in_a_row_is_replaced_at_once() -> None:
    assert wait_before(Restart(), 1, 0.9) == 0.0


def test_waits_double_up_to_the_cap() -> None:
    waits = [wait_before(Restart(first=0.1, cap=1.0), tries, 0.0) for tries in range(2, 8)]

    assert waits == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_waits_that_do_not_grow_are_all_the_first() -> None:
    assert {wait_before(Restart(first=2.0, exponential=False), tries, 0.0) for tries in range(2, 50)} == {2.0}


@given(
    tries=st.integers(2, 10_000),
    first=st.floats(0.001, 100),
    cap=st.floats(0.001, 1000),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_never_longer_than_the_cap_nor_shortened_by_more_than_the_jitter(
    tries: int, first: float, cap: float, chance: float
) -> None:
    policy = Restart(first=first, cap=cap)
    wait = wait_before(policy, tries, chance)

    assert 0 < wait <= cap
    assert wait >= wait_before(policy, tries, 0.0) * (1 - JITTER)


def test_workers_of_an_app_are_old_at_different_times_but_none_too_late() -> None:
    shares = {share_of(WorkerId(SlotId("web", index), 1, index + 1)) for index in range(8)}

    assert len(shares) == 8
    assert all(0.9 < share <= 1.0 for share in shares)
    assert max(shares) - min(shares) > 0.02
    assert share_of(WorkerId(SlotId("web", 0), 1, 1)) == share_of(WorkerId(SlotId("web", 0), 1, 1))


def test_what_was_replaced_for_a_fault_is_left_longer_each_time_and_what_is_old_is_not() -> None:
    assert [rest_before(Cause.MEMORY, replaced) for replaced in (0, 1, 2, 3, 4, 100)] == [0, 10, 20, 40, 60, 60]
    assert rest_before(Cause.AGE, 9) == 0


def test_a_replacement_that_failed_is_tried_again_ever_more_slowly_and_never_sooner_than_a_crash() -> None:
    assert [retry_after(Restart(), tries, 0.0) for tries in (1, 2, 3, 100)] == [1, 2, 4, 60]
    assert retry_after(Restart(first=5.0), 2, 0.0) == 5.0
