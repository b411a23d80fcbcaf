"""What a file asks for beside serving, as its reader gets it: health, limits, order, steps, jobs and hooks."""

import json
import os
import signal
import socket
import sys

from tests.daemon.cared_for import SOURCE, get
from tests.end_to_end.load import Load
from tests.end_to_end.site import Site
from tests.servers.process import free_port
from tests.waiting import until

NOTIFIES = """
import os, socket, time
print("coming up", flush=True)
while not os.path.exists("go"):
    time.sleep(0.01)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
    sock.sendto(b"READY=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
time.sleep(1000)
"""


def cared_for(site: Site, port: int, *keys: str) -> None:
    """An app that can be made to do what it should not, and its file."""
    site.write("sick.py", SOURCE)
    lines = ("[apps.sick]", "app = 'sick:app'", f"bind = {port}", "instances = 2", *keys)
    site.write("mainstay.toml", "\n".join(lines))


def until_replaced(site: Site, pid: int) -> None:
    """Wait until another worker serves in place of this one."""
    until(lambda: pid not in site.pids("sick") and len(site.pids("sick")) == 2, what=f"another worker than {pid}")
    site.until_status("sick", "online")


def reasons(site: Site) -> str:
    """Why workers have ended."""
    return "; ".join(exit_["reason"] for slot in site.describe("sick")["slots"] for exit_ in slot["exits"])


def test_health_gates_a_start_and_replaces_who_falls_ill_without_losing_a_request(site: Site) -> None:
    port = free_port()
    check = "health = { path = '/health', interval = '200ms', failures = 2, timeout = '5s' }"
    cared_for(site, port, check, "start_timeout = '3s'")
    site.write("sick.py", SOURCE.replace("ill = False", "ill = True"))
    refused = site.run("start")
    site.write("sick.py", SOURCE)
    site.ok("start")
    with Load(port, 4) as load:
        ill = get(port, "/fall-ill")
        until_replaced(site, ill)
    until(lambda: "status 503" in reasons(site), what="the reason")

    assert (refused.code, "its health check says: /health: status 503" in refused.err) == (1, True)
    assert load.lost == {}
    assert load.answered > 100


def test_who_stands_still_or_takes_too_much_is_replaced_and_it_is_told_why(site: Site) -> None:
    port = free_port()
    cared_for(site, port, "watchdog = '1s'", "max_memory = '150MiB'")
    site.ok("start")
    before = set(site.pids("sick"))
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"GET /block HTTP/1.1\r\nHost: x\r\n\r\n")
        (stuck,) = until(lambda: before - set(site.pids("sick")), what="the end of the one that is stuck")
    until_replaced(site, stuck)
    large = get(port, "/grow")
    until(lambda: large not in site.pids("sick") or not get(port, "/grow"), 60, "the end of the large one")
    until_replaced(site, large)

    until(lambda: "over its limit of 150 MB" in reasons(site), what="the reason")
    assert "event loop blocked for 1 s" in reasons(site)
    assert any("stand_still" in log.read_text() for log in (site.home / "logs").glob("sick-*.err.log"))


def test_what_an_app_depends_on_is_well_before_it_comes(site: Site) -> None:
    came = "sh -c 'test -e db.up && echo after > came || echo before > came; exec sleep 1000'"
    site.write(
        "mainstay.toml",
        f'[apps.web]\ncommand = "{came}"\ndepends_on = {{ db = "healthy" }}\n'
        "[apps.db]\ncommand = \"sh -c 'touch db.up; exec sleep 1000'\"\n"
        "health = { command = ['test', '-e', 'db.up'] }\n",
    )
    site.ok("start")

    assert (site.folder / "came").read_text() == "after\n"


def test_a_step_that_fails_refuses_the_start_and_says_why(site: Site) -> None:
    step = "before_start = ['sh', '-c', 'echo no such table >&2; exit 7']"
    site.write("mainstay.toml", f"[apps.web]\ncommand = 'sleep 1000'\n{step}\n")
    ran = site.run("start")

    assert ran.code == 1
    assert "before_start: exit code 7" in ran.err
    assert "no such table" in ran.err
    assert site.rows() == []


def test_a_job_waits_for_its_time_and_runs_when_it_is_told_to(site: Site) -> None:
    site.write(
        "mainstay.toml", "[apps.report]\ncommand = \"sh -c 'echo made >> made; exit 3'\"\nschedule = '0 3 29 2 *'\n"
    )
    site.ok("start")
    before = (site.folder / "made").exists()
    ran = site.run("run-job", "report")

    assert (before, ran.code, (site.folder / "made").read_text()) == (False, 3, "made\n")
    assert "exit code 3" in site.ok("list").out


def test_a_crash_runs_the_command_of_the_file_once_with_the_event_on_its_input(site: Site) -> None:
    hook = "[hooks]\non_crash = ['sh', '-c', 'cat >> told']\n"
    site.write("mainstay.toml", f"{hook}[apps.jobs]\ncommand = \"sh -c 'echo oops >&2; exec sleep 1000'\"\n")
    site.ok("start")
    first = site.pids("jobs")[0]
    os.kill(first, signal.SIGKILL)
    until(lambda: (site.folder / "told").exists() and (site.folder / "told").read_text().endswith("\n"), what="a call")
    second = until(lambda: [pid for pid in site.pids("jobs") if pid != first], what="another worker")[0]
    os.kill(second, signal.SIGKILL)
    until(lambda: [row["restarts"] for row in site.rows("jobs")] == [2], what="two crashes")
    until(lambda: len(site.run("events", "--json").out.split('"crash"')) >= 3, what="both in the record")

    (line,) = (site.folder / "told").read_text().splitlines()
    event = json.loads(line)
    assert (event["event"], event["pid"], event["signal"], event["lines"]) == ("crash", first, "SIGKILL", ["oops"])


def test_a_program_that_says_when_it_is_ready_is_waited_for(site: Site) -> None:
    site.write("late.py", NOTIFIES)
    site.write("mainstay.toml", f"[apps.late]\ncommand = ['{sys.executable}', 'late.py']\nnotify = true\n")
    start = site.start_command("start")
    log = site.home / "logs" / "late-0.out.log"
    until(lambda: log.exists() and log.read_text() == "coming up\n", what="its first line")
    before = (start.poll(), [row["status"] for row in site.rows("late")])
    (site.folder / "go").touch()
    out, err = start.communicate(timeout=60)

    assert before == (None, ["launching"])
    assert (start.returncode, [row["status"] for row in site.rows("late")]) == (0, ["online"]), out + err
