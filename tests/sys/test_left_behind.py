import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mainstay.sys.left_behind import orphans, siblings

WORKER = {"MAINSTAY_WORKER": "web-0@1.1", "MAINSTAY_APP": "web"}
DAEMON = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(15, b"mainstay", 0, 0, 0)
child = subprocess.Popen(["sleep", "1000"])
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


def test_a_worker_of_a_daemon_that_lives_is_not_left_behind() -> None:
    command = [sys.executable, "-c", DAEMON]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=os.environ | WORKER, stdin=pipe, stdout=pipe, text=True) as daemon:
        assert daemon.stdout is not None
        found = siblings(int(daemon.stdout.readline()))
        daemon.communicate("")

    assert found == ()


def test_a_process_that_is_gone_has_no_siblings() -> None:
    with process(**WORKER) as pid:
        pass

    assert siblings(pid) == ()


def test_all_workers_without_a_daemon_are_found_by_app() -> None:
    with process(**WORKER) as one, process(**WORKER | {"MAINSTAY_APP": "odd-jobs"}) as other:
        found = orphans()

    assert one in found["web"]
    assert found["odd-jobs"] == (other,)
