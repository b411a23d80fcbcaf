"""No single death of ours hurts: whatever of mainstay is killed, apps serve on and nobody has to type anything."""

import json
import os
import signal
import time

import pytest

from tests.end_to_end.load import Load
from tests.end_to_end.ours import Ours
from tests.end_to_end.site import ASGI, Site, get
from tests.servers.process import free_port
from tests.waiting import until

WRITER = """
import sys
for number in range(int(sys.argv[1])):
    print(f"line {number:07}", flush=True)
import signal
signal.pause()
"""


@pytest.fixture
def ours(site: Site) -> Ours:
    return Ours(site)


def _serving(site: Site, instances: int = 2) -> int:
    site.write("main.py", ASGI)
    port = free_port()
    site.ok("start", "main:app", "--name", "web", "-i", str(instances), "--port", str(port))
    return port


def test_the_list_is_complete_soon_after_the_daemon_was_killed(site: Site, ours: Ours) -> None:
    _serving(site)
    site.ok("start", "sleep 1000", "--name", "jobs")
    before = site.rows()

    ours.kill(ours.daemon())
    after = site.rows()

    assert [(row["slot"], row["pid"], row["status"], row["restarts"]) for row in after] == [
        (row["slot"], row["pid"], row["status"], row["restarts"]) for row in before
    ]
    assert all(now["uptime"] > then["uptime"] for now, then in zip(after, before, strict=True))


def test_no_request_is_lost_when_ours_are_killed_one_after_the_other_under_load(site: Site, ours: Ours) -> None:
    port = _serving(site)
    pids = site.pids("web")

    with Load(port, 15) as load:
        until(lambda: get(port))
        ours.kill(ours.daemon())
        ours.kill(ours.guardian())
        site.rows()
        ours.kill(ours.template("web"))
        ours.kill(ours.daemon())
        site.rows()
        ours.kill(ours.guardian())
        ours.kill(ours.daemon())
        site.rows()
        assert load.is_going

    assert load.lost == {}
    assert site.pids("web") == pids


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2, 0.6, 1.5])
def test_a_reload_under_load_goes_on_when_the_daemon_is_killed_in_its_middle(
    site: Site, ours: Ours, delay: float
) -> None:
    port = _serving(site)
    daemon = ours.daemon()
    first = set(site.pids("web"))

    with Load(port, 12) as load:
        until(lambda: get(port))
        site.write("main.py", ASGI.replace('"one"', '"two"'))
        command = site.start_command("reload", "web")
        started = time.monotonic()
        until(lambda: time.monotonic() - started >= delay)
        ours.kill(daemon)
        command.communicate(timeout=60)
        until(lambda: not _has_rollout(site), what="an end of the rollout")
        site.ok("reload", "web")
        assert load.is_going

    assert load.lost == {}
    assert not set(site.pids("web")) & first
    assert get(port).startswith("two")


def _has_rollout(site: Site) -> bool:
    rows = site.rows("web")
    return any(row["rollout"] for row in rows) or {row["status"] for row in rows} != {"online"}


def test_scaling_and_restarting_go_on_when_the_daemon_is_killed(site: Site, ours: Ours) -> None:
    port = _serving(site)

    with Load(port, 12) as load:
        until(lambda: get(port))
        for words in (("scale", "web", "4"), ("restart", "web-0"), ("scale", "web", "1")):
            command = site.start_command(*words)
            ours.kill(ours.daemon())
            command.communicate(timeout=60)
            site.until_status("web", "online")
        site.ok("scale", "web", "3")
        assert load.is_going

    assert load.lost == {}
    assert len(site.pids("web")) == 3


def test_a_worker_that_crashes_while_there_is_no_daemon_is_replaced_by_the_next_one(site: Site, ours: Ours) -> None:
    port = _serving(site)
    victim = site.pids("web")[0]

    daemon = ours.daemon()
    os.kill(daemon, signal.SIGSTOP)
    os.kill(victim, signal.SIGKILL)
    ours.kill(daemon)
    rows = site.until_status("web", "online")

    assert victim not in [row["pid"] for row in rows]
    assert sum(row["restarts"] for row in rows) == 1
    assert get(port)


def test_a_worker_of_an_adopted_app_that_crashes_is_replaced_like_any_other(site: Site, ours: Ours) -> None:
    port = _serving(site)
    ours.kill(ours.daemon())
    victim = site.pids("web")[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in site.pids("web") and len(site.pids("web")) == 2)

    (last,) = [exit for slot in site.describe("web")["slots"] for exit in slot["exits"]]
    assert last["pid"] == victim
    assert get(port)


@pytest.mark.parametrize("style", ["raw", "time", "json"])
def test_a_flood_of_output_has_no_gap_and_no_line_twice_when_the_daemon_is_killed_again_and_again(
    site: Site, ours: Ours, style: str
) -> None:
    site.write("writer.py", WRITER)
    lines = 300_000
    logs = f'{{ keep = 100, format = "{style}", compress = false, rotate = "2MiB" }}'
    site.write("mainstay.toml", f'[apps.writer]\nscript = "writer.py"\nargs = ["{lines}"]\nlogs = {logs}\n')
    command = site.start_command("start")
    until((site.home / "logs" / "writer-0.out.log").exists, what="its first output")
    for _ in range(6):
        ours.kill(ours.daemon())
        site.rows()
    command.communicate(timeout=60)

    def written() -> list[str]:
        found: list[str] = []
        for path in sorted((site.home / "logs").glob("writer-0.out.log*")):
            if path.suffix != ".times":
                found += path.read_text().splitlines()
        match style:
            case "json":
                return [json.loads(line)["line"] for line in found]
            case "time":
                return [line.partition(" ")[2] for line in found]
            case _:
                return found

    expected = [f"line {number:07}" for number in range(lines)]
    until(lambda: len(written()) >= lines, 120, "all lines")
    assert sorted(written()) == expected


def test_with_everything_of_ours_killed_at_once_the_next_command_adopts_what_runs(site: Site, ours: Ours) -> None:
    port = _serving(site)
    site.ok("start", "sleep 1000", "--name", "jobs")
    before = {row["slot"]: row["pid"] for row in site.rows()}

    ours.kill_all()
    assert get(port)
    after = {row["slot"]: row["pid"] for row in site.rows()}

    assert after == before
    site.ok("reload", "web")
    assert get(port)
    assert not set(site.pids("web")) & {before["web-0"], before["web-1"]}


def test_a_worker_that_nobody_knows_any_more_leaves_by_itself(site: Site, ours: Ours) -> None:
    """All of ours is killed when it was forked and the daemon had not heard of it: held still here, between the two."""
    port = _serving(site)
    daemon, template = ours.daemon(), ours.template("web")
    os.kill(template, signal.SIGSTOP)
    command = site.start_command("restart", "web-0")
    until(lambda: site.rows("web")[0]["status"] == "launching", what="a worker that is asked for")
    guardian = ours.guardian()
    for pid in (guardian, daemon):
        os.kill(pid, signal.SIGSTOP)
    os.kill(template, signal.SIGCONT)
    until(lambda: len(ours.workers("web")) == 2, what="the new worker")
    ours.kill(guardian, daemon, template)
    command.communicate(timeout=60)

    site.until_status("web", "online")
    until(lambda: sorted(ours.workers("web")) == sorted(site.pids("web")), what="no worker too many")
    assert len(site.pids("web")) == 2
    assert get(port)


def test_a_number_that_a_stranger_has_now_is_not_signalled(site: Site, ours: Ours) -> None:
    site.ok("start", "sleep 1000", "--name", "jobs")
    (pid,) = site.pids("jobs")
    ours.kill_all()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not os.path.exists(f"/proc/{pid}"))
    path = site.home / "running.jsonl"
    stranger = os.getpid()
    path.write_bytes(path.read_bytes().replace(f'"pid": {pid}'.encode(), f'"pid": {stranger}'.encode()))
    rows = site.until_status("jobs", "online")

    assert rows[0]["pid"] not in (pid, stranger)
    site.ok("delete", "jobs")


def test_an_upgrade_in_place_keeps_the_daemons_pid_and_every_worker_and_loses_nothing(site: Site, ours: Ours) -> None:
    port = _serving(site)
    site.ok("start", "sleep 1000", "--name", "jobs")
    pids, daemon = site.pids("web") + site.pids("jobs"), ours.daemon()

    with Load(port, 10) as load:
        until(lambda: get(port))
        for _ in range(3):
            site.ok("upgrade", "--force")
            assert site.daemon_pid() == daemon
        site.ok("reload", "web")
        assert load.is_going

    assert load.lost == {}
    assert set(pids) & set(site.pids("jobs"))
    assert ours.guardian()


def test_what_was_up_comes_back_after_a_shutdown_and_what_was_stopped_or_deleted_does_not(site: Site) -> None:
    port = _serving(site)
    for name in ("jobs", "gone", "asleep"):
        site.ok("start", "sleep 1000", "--name", name)
    site.ok("stop", "asleep")
    site.ok("delete", "gone")
    pid = site.daemon_pid()
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    until(lambda: not os.path.exists(f"/proc/{pid}"), what="an end of the daemon")

    site.ok("resurrect")

    assert {row["slot"]: row["status"] for row in site.rows()} == {
        "web-0": "online",
        "web-1": "online",
        "jobs-0": "online",
        "asleep-0": "stopped",
    }
    assert get(port)


def test_a_damaged_state_is_set_aside_and_nothing_that_runs_is_touched(site: Site, ours: Ours) -> None:
    _serving(site)
    before = site.pids("web")
    (site.home / "state.json").write_text("{")
    ours.kill(ours.daemon())

    assert site.pids("web") == before
    assert list(site.home.glob("state.json.damaged-*"))
    assert "state.json" in (site.home / "daemon.log").read_text()


def test_save_says_that_nothing_needs_saving(site: Site) -> None:
    assert "nothing needs saving" in site.ok("save").out


def test_nothing_secret_can_be_read_by_others(site: Site) -> None:
    _serving(site)

    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in site.home.iterdir() if path.is_file()}
    assert set(modes.values()) == {"0o600"}
    assert json.loads((site.home / "state.json").read_text())["format"] == 1
