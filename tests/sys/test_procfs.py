import os
import resource
import subprocess

from mainstay.sys import procfs
from tests.sys.children import forked, line, python, sleeper
from tests.waiting import until


def test_a_process_is_described_whatever_its_name() -> None:
    code = "from mainstay.sys.subreaper import set_name; set_name(') S 1 (x'); print(1, flush=True); input()"
    with python(code, session=True) as process:
        line(process)
        found = procfs.stat(process.pid)

        assert found is not None
        assert found.name == ") S 1 (x"
        assert (found.ppid, found.session, found.pgrp) == (os.getpid(), process.pid, process.pid)
        assert found.threads == procfs.threads_alive(process.pid) == 1
        assert found.start == procfs.start_time(process.pid)
        assert not found.ended


def test_a_later_process_starts_later_or_at_the_same_tick() -> None:
    with sleeper() as first, sleeper() as second:
        one, two = procfs.start_time(first.pid), procfs.start_time(second.pid)

        assert one is not None
        assert two is not None
        assert one <= two


def test_cpu_time_is_in_seconds() -> None:
    before = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    found = procfs.stat(os.getpid())
    after = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])

    assert found is not None
    assert before - 0.05 <= found.cpu <= after + 0.05


def test_a_zombie_is_there_but_has_ended_and_has_no_memory() -> None:
    with forked() as pid:
        found = procfs.stat(pid)

        assert found is not None
        assert found.ended
        assert procfs.pss(pid) is None
        assert procfs.tree(pid) == [pid]


def test_the_dead_are_nothing() -> None:
    with forked() as pid:
        os.waitpid(pid, 0)

        assert procfs.stat(pid) is None
        assert procfs.start_time(pid) is None
        assert procfs.pss(pid) is None
        assert procfs.children(pid) == procfs.tree(pid) == []
        assert procfs.threads_alive(pid) == 0


def test_memory_shared_with_a_fork_is_counted_in_parts() -> None:
    code = "import os; a = b'x' * 50_000_000; r = os.fork(); print(r, flush=True) if r else None; input()"
    with python(code) as process:
        child = int(line(process))
        pss, rss = procfs.pss(child), procfs.rss(child)

        assert pss is not None
        assert rss is not None
        assert 25_000_000 <= pss < rss
        assert rss >= 50_000_000


def test_children_and_grandchildren_are_found_parents_first() -> None:
    code = """
import os, subprocess
shell = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
print(shell.pid, shell.stdout.readline(), flush=True)
input()
"""
    with python(code) as process:
        shell, grandchild = (int(word) for word in line(process).split())
        try:
            assert procfs.tree(process.pid) == [process.pid, shell, grandchild]
            assert procfs.tree(process.pid, procfs.all_stats()) == [process.pid, shell, grandchild]
            assert procfs.children(process.pid) == [shell]
        finally:
            os.kill(grandchild, 9)


def test_a_session_keeps_those_who_lost_their_parent() -> None:
    with subprocess.Popen(
        ["sh", "-c", "(sleep 1000 & echo $!) ; read x"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        orphan = int(line(shell))
        try:
            until(lambda: procfs.session_members(shell.pid) == sorted([shell.pid, orphan]))
            assert orphan not in procfs.tree(shell.pid)
        finally:
            os.kill(orphan, 9)
            shell.communicate("\n")


def test_a_sleeping_process_is_quiet_and_a_working_one_is_not() -> None:
    code = """
print(1, flush=True)
input()
while True: pass
"""
    with python(code) as process:
        line(process)
        before = until(lambda: (now := procfs.stat(process.pid)) and now.state == "S" and now)
        assert before
        assert until(lambda: procfs.quiet(process.pid, before))

        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        until(lambda: not procfs.quiet(process.pid, before))
        with sleeper() as another:
            assert not procfs.quiet(another.pid, before)


def test_a_file_that_is_not_there_reads_as_empty() -> None:
    assert procfs.read("/proc/0/stat") == b""
    assert procfs.read("/proc") == b""


def test_the_environment_of_a_process_is_what_it_was_started_with() -> None:
    with subprocess.Popen(["sleep", "1000"], env={"A": "1=2", "B": ""}) as process:
        until(lambda: b"sleep" in procfs.read(f"/proc/{process.pid}/cmdline"))
        found = procfs.environ(process.pid)
        process.kill()

    assert (found[b"A"], found[b"B"]) == (b"1=2", b"")
    assert procfs.environ(process.pid) == {}
