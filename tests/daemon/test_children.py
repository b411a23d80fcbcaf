import os
import resource
import signal
from collections.abc import Callable, Iterator

import pytest

from mainstay.daemon.children import Child, Children
from mainstay.daemon.reactor import Reactor
from mainstay.model.exits import Ending, Exited, Signaled
from mainstay.sys import procfs
from tests.daemon.turning import turned

Fork = Callable[[str], int]


@pytest.fixture
def fork() -> Iterator[Fork]:
    """Starts a shell script that is a child of the test; what is left of them is killed at the end."""
    pids: list[int] = []

    def start(script: str) -> int:
        pids.append(os.posix_spawn("/bin/sh", ["sh", "-c", script], os.environ))
        return pids[-1]

    yield start
    for pid in pids:
        if (stat := procfs.stat(pid)) and stat.ppid == os.getpid():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def ends(reactor: Reactor, children: Children, pid: int) -> Ending:
    seen: list[Ending] = []
    assert children.add(pid, seen.append)
    turned(reactor, lambda: seen)
    return seen[0]


def test_an_exit_code_is_told(fork: Fork) -> None:
    reactor = Reactor()

    assert ends(reactor, Children(reactor), fork("exit 3")) == Exited(3)


def test_a_signal_is_told(fork: Fork) -> None:
    reactor = Reactor()

    assert ends(reactor, Children(reactor), fork("kill -9 $$")) == Signaled(signal.SIGKILL)


def test_an_end_before_it_was_watched_is_told(fork: Fork) -> None:
    reactor, pid = Reactor(), fork("exit 4")
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert ends(reactor, Children(reactor), pid) == Exited(4)


def test_it_is_not_reaped_until_its_end_has_been_told(fork: Fork) -> None:
    reactor, pid, states = Reactor(), fork("exit 0"), list[str]()
    children = Children(reactor)

    def told(_: Ending) -> None:
        stat = procfs.stat(pid)
        states.append(stat.state if stat else "gone")

    children.add(pid, told)
    turned(reactor, lambda: states)

    assert states == ["Z"]
    assert procfs.stat(pid) is None
    assert children.pids() == set()


def test_a_process_that_is_gone_cannot_be_watched(fork: Fork) -> None:
    pid = fork("exit 0")
    os.waitpid(pid, 0)

    assert Children(Reactor()).add(pid, lambda _: None) is None


def test_a_signal_is_sent_to_what_runs_and_not_to_what_has_ended(fork: Fork) -> None:
    reactor, seen = Reactor(), list[Ending]()
    child = Children(reactor).add(fork("sleep 1000"), seen.append)

    assert isinstance(child, Child)
    assert child.signal(signal.SIGKILL)
    turned(reactor, lambda: seen)
    assert not child.signal(signal.SIGKILL)


def test_all_are_killed_when_the_daemon_ends(fork: Fork) -> None:
    reactor, seen = Reactor(), list[Ending]()
    children = Children(reactor)
    for _ in range(3):
        children.add(fork("trap '' TERM; sleep 1000"), seen.append)

    children.kill()
    turned(reactor, lambda: len(seen) == 3)

    assert children.pids() == set()


def test_a_stranger_is_reaped(fork: Fork) -> None:
    pid, children = fork("exit 0"), Children(Reactor())
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    children.reap_strangers()

    assert procfs.stat(pid) is None


def test_no_stranger_is_reaped_while_a_pid_is_expected(fork: Fork) -> None:
    pid, children = fork("exit 0"), Children(Reactor())
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    children.expecting = 1

    children.reap_strangers()

    assert procfs.stat(pid) is not None
    children.answered()
    assert children.expecting == 0
    assert procfs.stat(pid) is None


def test_a_child_of_ours_that_was_expected_can_have_ended_before_its_pid_is_known(fork: Fork) -> None:
    reactor, pid = Reactor(), fork("exit 7")
    children, seen = Children(reactor), list[Ending]()
    children.expecting = 1
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    children.reap_strangers()

    children.add(pid, seen.append)
    children.answered()
    turned(reactor, lambda: seen)

    assert seen == [Exited(7)]


def test_strangers_behind_a_child_whose_end_was_not_seen_yet_are_reaped_after_it(fork: Fork) -> None:
    reactor, seen = Reactor(), list[Ending]()
    children = Children(reactor)
    first, stranger = fork("exit 0"), fork("exit 0")
    for pid in (first, stranger):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    children.add(first, seen.append)

    children.reap_strangers()
    turned(reactor, lambda: procfs.stat(stranger) is None)

    assert seen == [Exited(0)]


def test_a_storm_of_ends_is_seen_to_the_last_one(fork: Fork) -> None:
    reactor, seen = Reactor(), list[Ending]()
    children = Children(reactor)
    for _ in range(100):
        children.add(fork("exit 5"), seen.append)

    turned(reactor, lambda: len(seen) == 100)

    assert set(seen) == {Exited(5)}
    assert children.pids() == set()


def test_without_descriptors_a_child_is_watched_by_its_number(fork: Fork) -> None:
    reactor, seen, pid = Reactor(), list[Ending](), fork("sleep 1000")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        child = Children(reactor).add(pid, seen.append)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert child
    assert child.signal(signal.SIGTERM)
    turned(reactor, lambda: seen)
    assert seen == [Signaled(signal.SIGTERM)]


def test_no_descriptor_is_left_when_all_have_ended(fork: Fork) -> None:
    reactor, seen = Reactor(), list[Ending]()
    children = Children(reactor)
    children.add(fork("exit 0"), seen.append)
    turned(reactor, lambda: seen)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        children.add(fork("exit 0"), seen.append)

    turned(reactor, lambda: len(seen) == 21)

    assert len(os.listdir("/proc/self/fd")) == before
