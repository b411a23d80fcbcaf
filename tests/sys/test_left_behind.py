import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstay.sys.left_behind import orphans, siblings

WORKER = {"MAINSTAY_WORKER": "web-0@1.1", "MAINSTAY_APP": "web", "MAINSTAY_HOME": "/home/of/nobody"}
DAEMON = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(15, b"mainstay", 0, 0, 0)
worker = {"MAINSTAY_WORKER": "web-0@1.1", "MAINSTAY_APP": "web"}
child = subprocess.Popen(["sleep", "1000"], env=os.environ | worker)
print(child.pid, flush=True)
sys.stdin.read()
child.kill()
"""


@contextmanager
def process(**env: str) -> Iterator[int]:
    """A process with these variables."""
    with subprocess.Popen(["sleep", "1000"], env=env) as found:
        yield found.pid
        found.kill()


def test_the_workers_of_an_app_whose_daemon_is_gone_are_found_together() -> None:
    with process(**WORKER) as one, process(**WORKER) as two, process(**WORKER | {"MAINSTAY_APP": "jobs"}):
        found = siblings(one)

    assert found == tuple(sorted((one, two)))


def test_a_process_that_is_no_worker_has_no_siblings() -> None:
    with process(MAINSTAY_APP="web") as pid:
        assert siblings(pid) == ()


@contextmanager
def daemon(**env: str) -> Iterator[int]:
    """The child of something that looks like a daemon."""
    command = [sys.executable, "-c", DAEMON, "daemon/__main__.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=os.environ | env, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate("")


def test_a_worker_of_a_daemon_that_lives_is_not_left_behind() -> None:
    with daemon(MAINSTAY_HOME=WORKER["MAINSTAY_HOME"]) as worker:
        assert siblings(worker) == ()
        assert orphans(WORKER["MAINSTAY_HOME"], ()) == {}


def test_a_worker_that_another_daemon_of_its_home_has_taken_over_is_not_left_behind() -> None:
    with daemon(MAINSTAY_HOME=WORKER["MAINSTAY_HOME"]), process(**WORKER) as worker:
        assert siblings(worker) == ()


def test_the_daemon_of_another_home_looks_after_others() -> None:
    with daemon(MAINSTAY_HOME="/home/of/others"), process(**WORKER) as worker:
        assert siblings(worker) == (worker,)


def test_a_process_that_is_gone_has_no_siblings() -> None:
    with process(**WORKER) as pid:
        pass

    assert siblings(pid) == ()


def test_all_workers_of_a_home_that_its_daemon_does_not_know_are_found_by_app(tmp_path: Path) -> None:
    ours = WORKER | {"MAINSTAY_HOME": str(tmp_path)}
    with (
        process(**ours) as one,
        process(**ours | {"MAINSTAY_WORKER": "web-1@1.2"}) as known,
        process(**ours | {"MAINSTAY_APP": "odd-jobs", "MAINSTAY_WORKER": "odd-jobs-0@1.1"}) as other,
        process(**WORKER),
    ):
        found = orphans(str(tmp_path), {known})

    assert found == {"web": (one,), "odd-jobs": (other,)}


def test_what_a_known_worker_has_started_and_the_steps_of_an_app_are_no_workers(tmp_path: Path) -> None:
    ours = WORKER | {"MAINSTAY_HOME": str(tmp_path)}
    with process(**ours) as known, process(**ours), process(**ours | {"MAINSTAY_WORKER": "web-before_start@2"}):
        assert orphans(str(tmp_path), {known}) == {}
