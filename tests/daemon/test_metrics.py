import os
import signal
import subprocess
import time

from mainstay.daemon.metrics import KEEP, Metrics
from mainstay.sys import procfs
from tests.sys.children import forked, sleeper
from tests.waiting import until


def rate(metrics: Metrics, pid: int) -> float:
    found = metrics.usage([pid])[pid][0]
    assert found is not None
    return found


def test_what_is_gone_uses_nothing() -> None:
    with forked() as pid:
        assert Metrics().usage([pid, -1]) == {pid: (None, None), -1: (None, None)}


def test_what_sleeps_uses_memory_and_no_time() -> None:
    with sleeper() as child:
        cpu, memory = Metrics().usage([child.pid])[child.pid]

    assert cpu == 0.0
    assert memory is not None
    assert 10_000 < memory < 50_000_000


def test_a_busy_tree_is_measured_as_a_whole() -> None:
    metrics = Metrics()
    with subprocess.Popen(["sh", "-c", "(while :; do :; done) & wait"], start_new_session=True) as leader:
        try:
            until(lambda: rate(metrics, leader.pid) > 20.0)
        finally:
            os.killpg(leader.pid, signal.SIGKILL)


def test_a_rate_is_over_the_time_since_the_last_look() -> None:
    metrics = Metrics()
    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as child:
        try:
            until(lambda: rate(metrics, child.pid) > 20.0)
            child.send_signal(signal.SIGSTOP)
            until(lambda: rate(metrics, child.pid) == 0.0)
        finally:
            child.kill()


def test_two_looks_at_one_time_say_the_same() -> None:
    metrics = Metrics()

    assert metrics.usage([os.getpid()]) == metrics.usage([os.getpid()])


def test_memory_is_of_the_whole_tree() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 1000 & sleep 1000 & wait"], start_new_session=True) as leader:
        try:
            until(lambda: len(procfs.tree(leader.pid)) == 3)
            alone = procfs.pss(leader.pid)
            memory = Metrics().usage([leader.pid])[leader.pid][1]
        finally:
            os.killpg(leader.pid, signal.SIGKILL)

    assert alone is not None
    assert memory is not None
    assert memory > alone


def test_what_nobody_asks_about_is_forgotten() -> None:
    metrics = Metrics()
    metrics.usage([os.getpid()])
    (key,) = metrics._cpu
    metrics._cpu[key] = (time.monotonic() - KEEP - 1, 0.0, 0.0)
    metrics._memory[key] = (time.monotonic() - KEEP - 1, 0)

    metrics.usage([])

    assert not metrics._cpu
    assert not metrics._memory


def test_fifty_processes_take_one_look() -> None:
    children = [subprocess.Popen(["sleep", "1000"]) for _ in range(50)]
    metrics = Metrics()
    metrics.usage(child.pid for child in children)
    began = time.thread_time()
    found = metrics.usage(child.pid for child in children)
    took = time.thread_time() - began
    for child in children:
        child.kill()
        child.wait()

    assert len(found) == 50
    assert took < 0.5
