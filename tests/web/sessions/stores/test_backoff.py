"""When a server is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.stores.backoff import CAP, FIRST, Backoff, delay


@given(st.integers(1, 10_000), st.floats(0, 0.999))
def test_a_delay_grows_to_a_cap_and_is_never_under_half(failures: int, share: float) -> None:
    assert FIRST / 2 <= delay(failures, share) <= CAP
    assert delay(failures, 0) <= delay(failures + 1, 0)


def test_a_failure_is_the_answer_until_the_next_try() -> None:
    backoff, error = Backoff(chance=lambda: 0.0), OSError("refused")

    backoff.failed(error, now=10.0)

    assert backoff.refusal(10.0) is error
    assert backoff.refusal(10.0 + FIRST / 2) is None


def test_success_is_the_end_of_waiting() -> None:
    backoff = Backoff()
    backoff.failed(OSError("refused"), now=10.0)

    backoff.succeeded()

    assert backoff.refusal(10.0) is None
    assert backoff.failures == 0
