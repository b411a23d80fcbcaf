from datetime import datetime

import pytest

from mainstay.cli.moments import since
from mainstay.errors import UsageError

NOW = datetime(2026, 11, 23, 12, 0, 0).timestamp()


@pytest.mark.parametrize(
    ("text", "ago"), [("10m", 600), ("1h30m", 5400), ("90", 90), ("2d", 172800), ("20261123", 20261123)]
)
def test_a_duration_is_that_long_ago(text: str, ago: float) -> None:
    assert since(text, NOW) == NOW - ago


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("11:30", datetime(2026, 11, 23, 11, 30)),
        ("2026-11-22", datetime(2026, 11, 22)),
        ("2026-11-22 08:15", datetime(2026, 11, 22, 8, 15)),
        ("2026-11-22T08:15:30", datetime(2026, 11, 22, 8, 15, 30)),
    ],
)
def test_a_moment_is_local_time(text: str, moment: datetime) -> None:
    assert since(text, NOW) == moment.timestamp()


def test_a_moment_may_name_its_zone() -> None:
    assert since("2026-11-23T12:00:00Z", NOW) == datetime.fromisoformat("2026-11-23T12:00:00+00:00").timestamp()


@pytest.mark.parametrize("text", ["soon", "25:99", "-5m", "2026-13-40"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot tell which time"):
        since(text, NOW)
