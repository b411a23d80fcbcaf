"""When a worker that ended by itself is started again, and how long that takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.core.policy import JITTER, gave_up, should_restart, wait_before
from mainstay.model.exits import Ending, Exited, Signaled, Unstarted, Vanished
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
