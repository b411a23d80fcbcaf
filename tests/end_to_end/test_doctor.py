"""`mainstay doctor` beside a daemon that runs."""

import json
import os
import shutil
import signal

from tests.end_to_end.ours import Ours
from tests.end_to_end.site import ASGI, COMMAND, Site
from tests.servers.process import free_port
from tests.waiting import until


def _findings(site: Site) -> dict[str, dict[str, str]]:
    return {found["check"]: found for found in json.loads(site.run("doctor", "--json").out)}


def test_what_runs_is_looked_at(site: Site) -> None:
    site.write("main.py", ASGI)
    (site.folder / "work").mkdir()
    site.ok("start", "main:app", "--name", "web", "-p", str(free_port()))
    site.ok("start", "sleep 1000", "--name", "jobs", "--cwd", "work")
    before = _findings(site)
    shutil.rmtree(site.folder / "work")
    after = _findings(site)

    assert [before[check]["level"] for check in ("daemon", "app web", "app jobs", "permissions", "log files")] == [
        "ok"
    ] * 5
    assert (after["app web"]["level"], after["app jobs"]["level"]) == ("ok", "problem")


def test_workers_that_were_taken_over_are_not_left_behind(site: Site) -> None:
    site.write("main.py", ASGI)
    site.ok("start", "main:app", "--name", "web", "-i", "2", "-p", str(free_port()))
    site.ok("start", "sleep 1000", "--name", "jobs")
    ours = Ours(site)
    ours.kill(ours.daemon())
    site.until_status("web", "online")

    assert _findings(site)["workers"]["level"] == "ok"


def test_workers_that_the_daemon_knows_nothing_of_are_told_with_the_way_to_end_them(site: Site) -> None:
    site.ok("start", "sleep 1000", "--name", "jobs")
    (pid,) = site.pids("jobs")
    Ours(site).kill_all()
    (site.home / "running.jsonl").unlink()
    try:
        site.ok("start", "sleep 1001", "--name", "other")
        found = _findings(site)["workers"]
    finally:
        os.kill(pid, signal.SIGKILL)

    assert found["level"] == "problem"
    assert f"`kill {pid}`" in found["mend"]


def test_called_inside_an_app_it_asks_the_daemon_of_that_app(site: Site) -> None:
    site.write("ask.sh", f"{' '.join(COMMAND)} ping > pinged; sleep 1000")
    site.ok("start", "sh ask.sh", "--name", "asks")

    until(lambda: (site.folder / "pinged").exists() and (site.folder / "pinged").read_text())

    assert f"pid {site.daemon_pid()}" in (site.folder / "pinged").read_text()
