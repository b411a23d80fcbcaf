"""Only what was started is ended, whole trees are seen, and figures come from /proc."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import processes
from tests.waiting import until

PARENT = "import subprocess, sys; p = subprocess.Popen(['sleep', '1000']); print(p.pid, flush=True); p.wait()"
BURNS = """
import sys, threading, time
def burn():
    while time.thread_time() < 0.06: pass
    print(time.thread_time(), flush=True)
threading.Thread(target=burn).start()
sys.stdin.read()
"""
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


@pytest.fixture
def family() -> Iterator[tuple[subprocess.Popen[str], int]]:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    yield parent, child
    processes.end([parent.pid, child], patience=5.0)
    parent.wait()
    parent.stdout.close()


def test_a_tree_is_the_root_and_its_descendants(family: tuple[subprocess.Popen[str], int]) -> None:
    parent, child = family

    assert processes.tree(parent.pid) == [parent.pid, child]


def test_a_tree_of_a_process_that_is_gone_is_empty() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()

    assert processes.tree(gone.pid) == []


def test_ending_a_tree_ends_all_of_it(family: tuple[subprocess.Popen[str], int]) -> None:
    parent, child = family

    processes.end(processes.tree(parent.pid), patience=5.0)

    assert not processes.alive(parent.pid)
    assert not processes.alive(child)


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    deaf = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
    assert deaf.stdout is not None
    deaf.stdout.readline()

    processes.end([deaf.pid], patience=0.2)

    assert deaf.wait() == -signal.SIGKILL
    deaf.stdout.close()


def test_a_command_over_its_time_counts_as_124() -> None:
    outcome = processes.run(["sleep", "1000"], env={"PATH": os.environ["PATH"]}, cwd=Path("/"), timeout=0.2)

    assert outcome.code == 124


def test_an_environment_is_found_by_its_exact_value() -> None:
    child = subprocess.Popen(["sleep", "1000"], env={**os.environ, "BENCH_HOME": "/tmp/a"})
    try:
        until(lambda: processes.command_line(child.pid)[:1] == ["sleep"])

        assert processes.has_environment(child.pid, "BENCH_HOME", "/tmp/a")
        assert not processes.has_environment(child.pid, "BENCH_HOME", "/tmp")
    finally:
        child.kill()
        child.wait()


def test_memory_and_cpu_of_this_process_are_read() -> None:
    me = [os.getpid()]

    assert processes.memory(me, "VmRSS") > processes.pss(me) * 0.5 > 1_000_000
    assert processes.cpu_seconds(me) > 0.01


def test_the_cpu_time_of_threads_that_have_ended_is_kept() -> None:
    with subprocess.Popen([sys.executable, "-c", BURNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        burned = float(child.stdout.readline())

        assert processes.cpu_seconds([child.pid]) >= burned > 0.05
        child.communicate()


def test_processes_are_found_by_the_folder_they_work_in(tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "1000"], cwd=tmp_path, env={**os.environ, "BENCH_HOME": str(tmp_path)})
    try:
        assert processes.working_in(tmp_path) == [child.pid]
        assert processes.working_in(tmp_path.parent) == []
        until(lambda: processes.carrying("BENCH_HOME", str(tmp_path)) == [child.pid])
    finally:
        child.kill()
        child.wait()

    assert processes.working_in(tmp_path) == []
