import subprocess
import sys

import pytest

from mainstay.config.cron import NICKNAMES, cron, timezone
from mainstay.config.problems import Refused


@pytest.mark.parametrize(
    "written",
    ["0 3 * * *", "*/5 * * * *", "0 9 * * mon-fri", "0 0 L * *", "0 9 * * MON#1", "0 0 29 2 *", "1,2 0-4 * 1 7"],
)
def test_what_cron_understands_is_kept_as_it_is(written: str) -> None:
    assert cron(written) == written


def test_space_between_the_fields_does_not_matter() -> None:
    assert cron("  0 3\t*  * * ") == "0 3 * * *"


@pytest.mark.parametrize("nickname", NICKNAMES)
def test_a_short_name_is_written_out(nickname: str) -> None:
    assert cron(nickname.upper()) == cron(NICKNAMES[nickname])


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("60 3 * * *", "the minute '60' (it takes 0 to 59)"),
        ("0 24 * * *", "the hour '24' (it takes 0 to 23)"),
        ("0 3 32 * *", "the day of the month '32' (it takes 1 to 31, or L for the last)"),
        ("0 3 * smarch *", "the month 'smarch' (it takes 1 to 12, or jan to dec)"),
        ("0 3 * * 8", "the day of the week '8' (it takes 0 to 7, or sun to sat)"),
        ("*/0 3 5-2 * *", "the minute '*/0' (it takes 0 to 59); the day of the month '5-2' (it takes 1 to 31"),
        ("0 3 * *", "'0 3 * *' has 4 fields, not five"),
        ("now", "'now' has 1 field, not five"),
        ("0 0 3 * * *", "has 6 fields, not five"),
        ("@nightly", "'@nightly' is no short name"),
        ("0 0 30 2 *", "'0 0 30 2 *' is never due: there is no such day"),
        (3, "must be a text, not a number"),
        ("", "must not be empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(written: object, told: str) -> None:
    with pytest.raises(Refused) as caught:
        cron(written)

    assert told in caught.value.text


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/New_York"])
def test_a_time_zone_is_one_that_this_machine_knows(name: str) -> None:
    assert timezone(name) == name


@pytest.mark.parametrize(
    ("name", "close"),
    [("Europe/Berln", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("New York", "America/New_York")],
)
def test_for_another_the_nearest_is_told(name: str, close: str) -> None:
    with pytest.raises(Refused) as caught:
        timezone(name)

    assert caught.value.hint == f"did you mean {close}?"


@pytest.mark.parametrize("name", ["", "../etc/passwd", "/etc/passwd", "a\0b", 1])
def test_what_cannot_be_a_time_zone_is_refused(name: object) -> None:
    with pytest.raises(Refused):
        timezone(name)


def test_nothing_of_it_is_loaded_where_there_is_no_schedule() -> None:
    heavy = ("cronsim", "zoneinfo", "datetime")
    code = f"import sys, mainstay.config.schema; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
