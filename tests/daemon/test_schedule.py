import os
import time
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mainstay.core.app import App, Job
from mainstay.core.effects import Arm
from mainstay.core.events import Armed, Due, Event
from mainstay.core.fleet import Fleet
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.schedule import BACK, Schedules, check, next_after
from mainstay.errors import MainstayError, UsageError
from mainstay.model.spec import AppSpec, Restart, Schedule
from tests.daemon.running import Daemon, command, shell
from tests.daemon.turning import turned
from tests.waiting import until

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("UTC")).timestamp()
HOURLY = Arm("jobs", "0 * * * *", "UTC")


class Clock:
    """A time of day that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class Watched:
    """Schedules, the clock they look at and what they told."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        self.reactor = Reactor()
        self.schedules = Schedules(self.reactor, self.events.append, self.clock)

    @property
    def due(self) -> list[float]:
        """When something was told to be due, in seconds after noon."""
        return [event.wall - NOON for event in self.events if isinstance(event, Due)]

    def at(self, seconds: float) -> list[float]:
        """Look when it is so many seconds after noon."""
        self.clock.now = NOON + seconds
        self.schedules.look()
        return self.due


@pytest.fixture
def watched() -> Watched:
    return Watched()


def berlin(year: int, month: int, day: int, hour: int = 0, minute: int = 0, fold: int = 0) -> float:
    return datetime(year, month, day, hour, minute, fold=fold, tzinfo=BERLIN).timestamp()


def times(cron: str, after: float, count: int) -> list[str]:
    found = []
    for _ in range(count):
        moment = next_after(cron, "Europe/Berlin", after)
        assert moment is not None
        found.append(datetime.fromtimestamp(moment, BERLIN).strftime("%d %H:%M%z"))
        after = moment
    return found


def test_the_next_time_is_after_the_instant() -> None:
    assert next_after("0 12 * * *", "UTC", NOON - 1) == NOON
    assert next_after("0 12 * * *", "UTC", NOON) == NOON + 86400
    assert next_after("30 3 * * *", "Europe/Berlin", NOON) == berlin(2026, 6, 2, 3, 30)


def test_a_time_that_does_not_exist_when_clocks_go_forward_is_not_left_out() -> None:
    assert times("30 2 * * *", berlin(2026, 3, 28, 12), 2) == ["29 03:00+0200", "30 02:30+0200"]


def test_a_time_that_comes_twice_when_clocks_go_back_is_taken_once() -> None:
    assert times("30 2 * * *", berlin(2026, 10, 24, 12), 2) == ["25 02:30+0200", "26 02:30+0100"]


def test_what_comes_every_hour_comes_in_the_hour_that_comes_twice_as_well() -> None:
    expected = ["25 02:00+0200", "25 02:00+0100", "25 03:00+0100"]

    assert times("0 * * * *", berlin(2026, 10, 25, 1, 30), 3) == expected


def test_seconds_can_be_told() -> None:
    assert next_after("*/5 * * * * *", "UTC", NOON + 1) == NOON + 5


def test_without_a_time_zone_it_is_the_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    assert next_after("0 9 * * *", "", NOON - 86400) == datetime(2026, 6, 1, 0, tzinfo=ZoneInfo("UTC")).timestamp()


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(UsageError, match="is no schedule"):
        next_after("every day", "UTC", NOON)
    with pytest.raises(UsageError, match="no time zone 'Europe/Berlim'"):
        next_after("0 3 * * *", "Europe/Berlim", NOON)
    with pytest.raises(UsageError):
        check(replace(command("jobs", "true"), restart=Restart(schedule="0 25 * * *")))


def test_it_is_told_when_it_is_due_and_once(watched: Watched) -> None:
    watched.schedules.arm(HOURLY)
    before = watched.at(3599)
    watched.at(3600.5)
    watched.at(3601)

    assert (before, watched.due) == ([], [3600.5])
    assert watched.events[0] == Armed("jobs", NOON)
    assert watched.schedules.next("jobs") == NOON + 7200


def test_what_was_missed_while_the_machine_slept_is_due_once(watched: Watched) -> None:
    watched.schedules.arm(HOURLY)
    watched.at(5 * 3600 + 600)

    assert watched.due == [5 * 3600 + 600]
    assert watched.schedules.next("jobs") == NOON + 6 * 3600


def test_a_clock_that_goes_back_a_little_makes_no_time_come_twice(watched: Watched) -> None:
    watched.schedules.arm(HOURLY)
    watched.at(3600)
    watched.at(3590)
    watched.at(3601)

    assert watched.due == [3600]


def test_a_clock_that_goes_back_far_is_followed(watched: Watched) -> None:
    watched.schedules.arm(HOURLY)
    watched.at(-BACK - 86400)

    assert watched.schedules.next("jobs") == NOON - 86400


def test_what_is_off_its_schedule_is_not_due(watched: Watched) -> None:
    watched.schedules.arm(HOURLY)
    watched.schedules.disarm("jobs")
    watched.at(7200)

    assert (watched.due, watched.schedules.next("jobs")) == ([], None)


def test_another_schedule_takes_the_place_of_the_one_before(watched: Watched) -> None:
    watched.schedules.arm(HOURLY)
    watched.schedules.arm(Arm("jobs", "30 * * * *", "UTC"))

    assert watched.at(1800) == [1800]
    assert watched.at(3600) == [1800]


def test_what_was_due_while_no_daemon_ran_is_due_once(watched: Watched) -> None:
    spec = replace(command("jobs", "true"), schedule=Schedule("0 * * * *", "UTC"))
    fleet = Fleet(apps={"jobs": App("jobs", 0, 0, {0: spec}, job=Job(seen=NOON - 3 * 3600 - 60))})
    watched.clock.now = NOON + 60
    watched.schedules.resume(fleet)
    watched.at(120)

    assert watched.due == [60]


def test_the_timer_tells_of_it(watched: Watched) -> None:
    watched.schedules = Schedules(watched.reactor, watched.events.append)
    watched.schedules.arm(Arm("jobs", "* * * * * *", "UTC"))

    turned(watched.reactor, lambda: len([e for e in watched.events if isinstance(e, Due)]) >= 2, what="two seconds")


# with a daemon


def nightly(spec: AppSpec, cron: str = "0 3 * * *", timeout: float = 0.0) -> AppSpec:
    return replace(spec, schedule=Schedule(cron, "UTC", timeout=timeout))


def test_a_job_is_shown_with_the_time_when_it_is_due(daemon: Daemon) -> None:
    daemon.apply(nightly(command("jobs", "true")))
    row = daemon.row("jobs-0")

    assert (row["status"], row["pid"], row["schedule"]["last"]) == ("scheduled", None, None)
    assert 0 < row["schedule"]["next"] - time.time() <= 86400


def test_a_job_runs_when_it_is_due(daemon: Daemon) -> None:
    daemon.apply(nightly(shell("jobs", "echo done"), "* * * * * *"))
    until(lambda: daemon.row("jobs-0")["schedule"]["last"], what="a run")
    daemon.stop("jobs")

    last = daemon.row("jobs-0")["schedule"]["last"]
    assert (last["ok"], last["result"], last["lines"]) == (True, "exit code 0", ["done"])
    assert abs(last["began"] - time.time()) < 60


def test_a_job_is_run_by_hand_and_its_failure_is_told_with_its_last_lines(daemon: Daemon) -> None:
    daemon.apply(nightly(shell("jobs", "echo no disk >&2; exit 7")))
    with pytest.raises(MainstayError) as caught:
        daemon.ask("run-job", app="jobs")

    assert (caught.value.exit_code, caught.value.lines) == (7, ("no disk",))
    assert caught.value.message.startswith("jobs failed: exit code 7, after 0.")


def test_a_run_that_takes_too_long_is_ended_with_all_that_it_started(daemon: Daemon) -> None:
    daemon.apply(nightly(shell("jobs", "sleep 1000 & wait"), timeout=0.5))
    with pytest.raises(MainstayError) as caught:
        daemon.ask("run-job", app="jobs")

    assert caught.value.exit_code == 124
    assert daemon.children() == {}


def test_a_schedule_that_cannot_be_read_is_refused_at_the_door(daemon: Daemon) -> None:
    with pytest.raises(MainstayError, match="'0 25' is no schedule"):
        daemon.apply(nightly(command("jobs", "true"), "0 25"))

    assert daemon.rows() == []


def test_an_app_is_reloaded_when_its_schedule_says_so(daemon: Daemon) -> None:
    daemon.apply(replace(command("jobs", "sleep", "1000"), restart=Restart(schedule="* * * * * *")))
    first = daemon.worker("jobs-0")

    until(lambda: daemon.row("jobs-0")["pid"] not in (None, first), what="another worker")
    assert os.path.exists(daemon.home)
