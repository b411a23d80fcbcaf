from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.daemon.capture.backlog import Backlog, Budget, Dropped


def drained(backlog: Backlog) -> bytes:
    parts = []
    while (taken := backlog.take()) is not None:
        parts.append(taken[1])
    return b"".join(parts)


def test_it_gives_back_what_fits_in_order_with_its_times() -> None:
    backlog = Backlog(Budget())
    backlog.add(b"a" * 5000, 1)
    backlog.add(b"b" * 250_000, 2)
    backlog.add(b"c" * 9000, 3)

    assert backlog.take() == (1, b"a" * 5000 + b"b" * 250_000)
    assert backlog.take() == (3, b"c" * 9000)
    assert (backlog.take(), backlog.settled()) == (None, True)


def test_tiny_pieces_are_joined() -> None:
    budget = Budget()
    backlog = Backlog(budget)
    for _ in range(1000):
        backlog.add(b"x\n", 1)

    assert (backlog.take(), budget.used) == ((1, b"x\n" * 1000), 0)


def test_a_line_that_does_not_fit_is_dropped_whole_even_when_it_came_in_parts() -> None:
    backlog = Backlog(Budget(), limit=20)

    assert backlog.add(b"whole line\nthe st", 1) == Dropped()
    assert backlog.add(b"art and the e", 1) == Dropped(1, 19)
    assert drained(backlog) == b"whole line\n"
    assert backlog.settled() is False
    assert backlog.add(b"nd\nnext\n", 1) == Dropped(0, 3)
    assert drained(backlog) == b"next\n"
    assert backlog.settled() is True


def test_all_sources_together_are_bounded() -> None:
    budget = Budget(limit=100)
    one, two = Backlog(budget), Backlog(budget)

    assert one.add(b"x" * 79 + b"\n", 1) == Dropped()
    assert two.add(b"y" * 10 + b"\n" + b"z" * 20 + b"\n", 1) == Dropped(1, 21)
    assert (budget.used, one.abandon(), two.abandon(), budget.used) == (91, Dropped(1, 80), Dropped(1, 11), 0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=30).map(lambda b: b.replace(b"\x00", b"\n")), st.booleans())))
def test_what_is_kept_and_what_is_dropped_are_all_there_was(steps: list[tuple[bytes, bool]]) -> None:
    budget = Budget()
    backlog = Backlog(budget, limit=50)
    backlog.add(b"start\n", 0)
    kept, dropped, written = drained(backlog), Dropped(), b"start\n"
    for data, drain in steps:
        dropped += backlog.add(data, 1)
        written += data
        assert budget.used <= 51
        if drain:
            kept += drained(backlog)
    kept += drained(backlog)

    invented = len(kept) + dropped.bytes - len(written)
    assert 0 <= invented <= dropped.lines + 1
    assert set(kept.split(b"\n")[:-1]) <= {
        line[:cut] for line in written.split(b"\n") for cut in range(max(0, len(line) - 200), len(line) + 1)
    }
    assert begun(kept) - invented + dropped.lines == begun(written)


def begun(data: bytes) -> int:
    """How many lines have begun."""
    return len(data.split(b"\n")) - (data.endswith(b"\n") or not data)
