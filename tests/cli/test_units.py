import pytest

from mainstay.cli import units


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.2, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (86399, "23h"),
        (86400 * 2, "2d"),
    ],
)
def test_uptime_is_told_in_its_largest_unit(seconds: float | None, text: str) -> None:
    assert units.uptime_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, ""), (0, "0 B"), (999, "999 B"), (20_400_000, "20.4 MB"), (999_960, "1.0 MB"), (1_320_400_000, "1.3 GB")],
)
def test_memory_has_one_decimal(size: int | None, text: str) -> None:
    assert units.memory_text(size) == text


@pytest.mark.parametrize(
    ("size", "text"), [(20 << 20, "20 MiB"), (1 << 30, "1 GiB"), (20_000_000, "20.0 MB"), (0, "0 B")]
)
def test_a_size_of_a_config_file_is_told_as_it_was_written(size: int, text: str) -> None:
    assert units.binary_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1, "0.1 s"), (60.0, "60 s"), (600.0, "10m"), (5400.0, "1h30m"), (86401.0, "1d1s")]
)
def test_a_duration_of_a_config_file_is_told_exactly(seconds: float, text: str) -> None:
    assert units.duration_text(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0423, "42 ms"), (3.21, "3.2 s"), (300, "5m"), (None, "")])
def test_how_long_something_took(seconds: float | None, text: str) -> None:
    assert units.seconds_text(seconds) == text


@pytest.mark.parametrize(("left", "text"), [(-5, "now"), (0.42, "in 0.4 s"), (3.2, "in 3 s"), (65, "in 1m")])
def test_how_far_away_a_moment_is(left: float, text: str) -> None:
    assert units.until_text(1000 + left, 1000) == text


def test_a_moment_in_utc_has_milliseconds() -> None:
    assert units.rfc3339(1_795_435_201.2504) == "2026-11-23T12:00:01.250Z"


def test_cpu_is_percent_of_a_core() -> None:
    assert (units.cpu_text(98.66), units.cpu_text(None)) == ("98.7%", "")
