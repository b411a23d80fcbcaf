"""The time in the three ways of morgan."""

from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.dates import date, date_in

MILLISECONDS = st.integers(0, 4_102_444_800_000)  # to 2100: a float of later seconds has no milliseconds to speak of


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("clf", "10/Oct/2000:13:55:36 +0000"),
        ("iso", "2000-10-10T13:55:36.789Z"),
        ("web", "Tue, 10 Oct 2000 13:55:36 GMT"),
        ("CLF", ""),
        ("", ""),
    ],
)
def test_a_time_has_its_text(style: str, expected: str) -> None:
    assert date(style, 971_186_136.789) == expected


@given(MILLISECONDS)
def test_every_time_is_the_one_of_datetime(milliseconds: int) -> None:
    when = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)

    assert date("clf", milliseconds / 1000) == when.strftime("%d/%b/") + f"{when.year}" + when.strftime(
        ":%H:%M:%S +0000"
    )
    assert date("iso", milliseconds / 1000) == when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert date("web", milliseconds / 1000) == format_datetime(when, usegmt=True)


def test_a_millisecond_that_has_not_passed_is_not_counted() -> None:
    assert date("iso", 1.0009) == "1970-01-01T00:00:01.000Z"
    assert date("iso", 1.9999999) == "1970-01-01T00:00:02.000Z"  # nearer than a clock can tell


def test_without_a_time_it_is_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    shown = datetime.strptime(date("clf"), "%d/%b/%Y:%H:%M:%S %z")

    assert before <= shown <= datetime.now(UTC)


def test_threads_that_ask_for_different_seconds_are_each_told_their_own() -> None:
    write = date_in("clf")
    wrong: list[str] = []

    def ask(second: int) -> None:
        expected = f"01/Jan/1970:00:00:{second:02} +0000"
        wrong.extend(text for _ in range(3000) if (text := write(second)) != expected)

    threads = [Thread(target=ask, args=(second,)) for second in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
