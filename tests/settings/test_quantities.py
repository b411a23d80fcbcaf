from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.settings.quantities import bytes_of, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("100ms", 0.1), ("1h30m", 5400), ("1.5 s", 1.5), ("7", 7), ("1d", 86400), (" 2M ", 120)],
)
def test_a_time_is_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [("20MiB", 20 << 20), ("1K", 1024), ("1KB", 1000), ("1.5 GiB", 3 << 29), ("7", 7), ("7b", 7)],
)
def test_a_size_is_read(text: str, count: int) -> None:
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "s", "10x", "1m1h", "1..5s", "-"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        seconds_of(text)


@given(st.text("0123456789.kKmMiIbB -", max_size=8))
def test_a_size_is_read_or_refused(text: str) -> None:
    count = 0
    with suppress(ValueError):
        count = bytes_of(text)

    assert count >= 0
