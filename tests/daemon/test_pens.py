import os
import signal
from collections.abc import Iterator

import pytest

from mainstay.daemon.pens import Pens
from mainstay.sys import cgroup
from tests.sys.children import line, python
from tests.waiting import until

# A child that leaves by every way there is but a cgroup: no exec, a session of its own, its parent gone.
FUGITIVE = """
import os, sys, time
sys.stdin.readline()
if os.fork() == 0:
    os.setsid()
    parent = os.getpid()
    if os.fork() == 0:
        while os.getppid() == parent: time.sleep(0.01)
        print(os.getpid(), flush=True)
        time.sleep(1000)
    os._exit(0)
os.wait()
sys.stdin.readline()
"""


@pytest.fixture
def pens() -> Iterator[Pens]:
    found = Pens()
    yield found
    found.close()


def test_what_a_worker_starts_stays_in_its_pen_where_there_are_any(pens: Pens) -> None:
    usable = cgroup.make("mainstay-test")
    if usable:
        usable.remove()
    with python(FUGITIVE) as worker:
        pens.enclose("web-0@1.1", worker.pid)
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
        fugitive = int(line(worker))
        try:
            found = pens.pids("web-0@1.1")
        finally:
            os.kill(fugitive, signal.SIGKILL)

    assert sorted(found) == (sorted([worker.pid, fugitive]) if usable else [])


def test_a_pen_is_gone_when_it_is_opened(pens: Pens) -> None:
    with python("import time; time.sleep(1000)") as worker:
        pens.enclose("web-0@1.1", worker.pid)
    until(lambda: not pens.pids("web-0@1.1"))

    pens.open("web-0@1.1")

    assert pens.pids("web-0@1.1") == []
    assert not [h for h in cgroup.hierarchies() if os.path.exists(f"{h.folder}/mainstay-{os.getpid()}/web-0@1.1")]


def test_a_worker_without_a_pen_has_nobody_in_it(pens: Pens) -> None:
    assert pens.pids("web-9@9.9") == []
    pens.open("web-9@9.9")


def test_what_a_killed_daemon_left_is_taken_away(pens: Pens) -> None:
    with python("pass") as gone:
        gone.wait()
    stale = cgroup.make(f"mainstay-{gone.pid}")

    with python("import time; time.sleep(1000)") as worker:
        pens.enclose("web-0@1.1", worker.pid)

    assert stale is None or not os.path.exists(stale.path)
