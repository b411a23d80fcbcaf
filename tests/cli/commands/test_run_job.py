from pathlib import Path

from tests.cli.fake_daemon import FakeDaemon, came_of, ok, refused, row
from tests.cli.running import mainstay


def test_a_job_is_run_and_waited_for(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["run-job"] = ok(came_of("report", "ran", message="exit code 0, after 2.0 s"))
    daemon.rows(row("report-0", status="scheduled", pid=None))

    ran = mainstay(home, "run-job", "report")

    assert (ran.code, daemon.asked("run-job")) == (0, [{"app": "report", "detach": False}])
    assert ran.out.startswith("report ran: exit code 0, after 2.0 s\n+--")


def test_a_job_need_not_be_waited_for(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["run-job"] = ok(came_of("report", "started"))

    assert mainstay(home, "run-job", "report", "--detach").code == 0
    assert daemon.asked("run-job") == [{"app": "report", "detach": True}]


def test_the_exit_code_is_the_job_s(home: Path, daemon: FakeDaemon) -> None:
    daemon.answers["run-job"] = refused("report failed: exit code 7, after 2.0 s", exit_code=7, lines=["no disk"])

    ran = mainstay(home, "run-job", "report")

    assert (ran.code, ran.out) == (7, "")
    assert ran.err.startswith("mainstay: report failed: exit code 7, after 2.0 s\n  | no disk\n")
