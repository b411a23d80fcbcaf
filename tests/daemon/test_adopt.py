"""A daemon that takes over from one that was killed: what it finds, what it lets go."""

import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

from mainstay.model.spec import LogFormat, LogPolicy
from mainstay.sys import procfs
from tests.daemon.running import Daemon, command, running, shell, web
from tests.waiting import until

APP = """
import os
print("imported", flush=True)
async def app(scope, receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
"""


def replaced(daemon: Daemon) -> None:
    """Kill the daemon and wait for the one that takes over."""
    pid = daemon.ask("ping")["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: daemon.ask("ping")["pid"] != pid, what="another daemon")


def test_programs_and_web_apps_are_known_again_with_their_history(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP)
    with running(tmp_path / "home") as daemon:
        daemon.apply(command("jobs", "sleep", "1000", instances=2), web("web", "main:app", tmp_path, instances=2))
        os.kill(daemon.worker("jobs-1"), signal.SIGKILL)
        until(lambda: daemon.row("jobs-1")["restarts"] == 1 and daemon.worker("jobs-1"))
        before = daemon.rows()
        replaced(daemon)

        keys = ("id", "slot", "pid", "status", "restarts", "generation")
        assert [[row[key] for key in keys] for row in daemon.rows()] == [[row[key] for key in keys] for row in before]


def _has_more(daemon: Daemon, place: str, lines: int) -> bool:
    return len(daemon.output(place).splitlines()) > lines


def test_a_template_that_is_taken_over_forks_on(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP)
    with running(tmp_path / "home") as daemon:
        daemon.apply(web("web", "main:app", tmp_path))
        replaced(daemon)
        daemon.ask("scale", app="web", to="3")

        assert len({daemon.worker(f"web-{index}") for index in range(3)}) == 3
        assert daemon.output("web-template").count("imported") == 1


def test_the_old_code_heals_what_crashes_after_new_code_was_refused_and_the_daemon_killed(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP)
    with running(tmp_path / "home") as daemon:
        daemon.apply(web("web", "main:app", tmp_path))
        (tmp_path / "main.py").write_text("import nothing_like_it")
        replaced(daemon)
        victim = daemon.worker("web-0")
        os.kill(victim, signal.SIGKILL)

        assert until(lambda: daemon.worker("web-0") not in (0, victim))


def test_what_a_worker_leaves_behind_is_ended_by_the_daemon_that_took_over(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(shell("jobs", "setsid sleep 1000 & echo $!; wait"))
        child = int(until(lambda: daemon.output("jobs-0").strip(), what="the pid of its child"))
        replaced(daemon)
        daemon.stop("jobs")

        until(lambda: (found := procfs.stat(child)) is None or found.ended, what="the end of its child")


def test_output_in_every_format_goes_on(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        script = "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.02; done"
        specs = [replace(shell(style.value, script), logs=LogPolicy(style)) for style in LogFormat]
        daemon.apply(*specs)
        replaced(daemon)
        for style in LogFormat:
            seen = len(daemon.output(f"{style.value}-0").splitlines())
            goes_on = partial(_has_more, daemon, f"{style.value}-0", seen + 5)
            until(goes_on, what=f"more lines in the format {style.value}")
            lines = daemon.output(f"{style.value}-0").splitlines()
            numbers = [int(line.rpartition("line ")[2].rstrip('"}')) for line in lines]

            assert numbers == list(range(1, len(numbers) + 1))


def test_the_last_words_of_a_worker_that_ended_meanwhile_are_kept(tmp_path: Path) -> None:
    with running(tmp_path / "home") as daemon:
        daemon.apply(shell("jobs", "trap 'echo last words; exit 3' USR1; while :; do sleep 0.05; done"))
        worker, pid = daemon.worker("jobs-0"), daemon.ask("ping")["pid"]
        os.kill(pid, signal.SIGSTOP)
        os.kill(worker, signal.SIGUSR1)
        until(lambda: (found := procfs.stat(worker)) is None or found.ended, what="the end of the worker")
        os.kill(pid, signal.SIGKILL)

        until(lambda: "last words" in daemon.output("jobs-0"))
        assert until(lambda: daemon.worker("jobs-0") not in (0, worker))


def test_descriptors_are_the_same_after_many_replacements(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP)
    with running(tmp_path / "home") as daemon:
        daemon.apply(command("jobs", "sleep", "1000"), web("web", "main:app", tmp_path))
        counts = []
        for _ in range(4):
            replaced(daemon)
            daemon.pid = daemon.ask("ping")["pid"]
            counts.append(len(daemon.fds()))

        assert len(set(counts[1:])) == 1, counts


def test_workers_of_another_home_that_are_called_the_same_are_left_alone(tmp_path: Path) -> None:
    with running(tmp_path / "one") as one, running(tmp_path / "two") as two:
        for daemon in (one, two):
            daemon.apply(shell("jobs", "exec sleep 1000"))
        theirs = two.worker("jobs-0")
        for daemon in (one, two):  # taken over, both workers have the same parent
            daemon.process.kill()
            daemon.process.wait()
            daemon.worker("jobs-0")
        one.stop("jobs")
        found = procfs.stat(theirs)

        assert found is not None
        assert not found.ended
        assert two.worker("jobs-0") == theirs
