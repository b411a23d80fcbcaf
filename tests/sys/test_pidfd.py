import os
import select
import signal

import pytest

from mainstay.sys import pidfd
from mainstay.sys.exits import Code, Signal
from tests.sys.children import forked, sleeper
from tests.waiting import until


@pytest.fixture(params=["pidfd", "plainer way"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test that asks for it runs with pidfds and, as on macOS, without."""
    if request.param == "plainer way":
        monkeypatch.setattr(pidfd, "supported", lambda: False)


both_ways = pytest.mark.usefixtures("_way")


def opened(pid: int) -> int:
    handle = pidfd.open_pidfd(pid)
    assert handle is not None
    return handle


def test_linux_has_pidfds() -> None:
    assert pidfd.supported()


@both_ways
def test_a_running_child_has_no_exit_status() -> None:
    with sleeper() as child:
        handle = opened(child.pid)

        assert pidfd.look(handle) is None
        assert pidfd.reap(handle) is None
        pidfd.close(handle)


@both_ways
def test_looking_does_not_reap() -> None:
    with forked(code=7) as pid:
        handle = opened(pid)

        assert pidfd.look(handle) == Code(7)
        assert pidfd.look(handle) == Code(7)
        assert pidfd.reap(handle) == Code(7)
        assert pidfd.reap(handle) is None
        pidfd.close(handle)


@both_ways
def test_a_signal_is_not_flattened_into_a_code() -> None:
    with forked(signum=signal.SIGKILL) as pid:
        handle = opened(pid)

        assert pidfd.look(handle) == Signal(signal.SIGKILL, dumped=False)
        assert pidfd.reap(handle) == Signal(signal.SIGKILL, dumped=False)
        pidfd.close(handle)


@both_ways
def test_a_signal_arrives() -> None:
    with sleeper() as child:
        handle = opened(child.pid)

        assert pidfd.send(handle, signal.SIGTERM)
        assert until(lambda: pidfd.look(handle)) == Signal(signal.SIGTERM, dumped=False)
        pidfd.reap(handle)
        pidfd.close(handle)


@both_ways
def test_the_dead_cannot_be_opened_nor_signalled() -> None:
    with forked() as pid:
        handle = opened(pid)
        pidfd.reap(handle)

        assert pidfd.open_pidfd(pid) is None
        assert not pidfd.send(handle, signal.SIGTERM)
        pidfd.close(handle)


@both_ways
def test_any_child_that_ended_is_found_and_reaped_by_pid() -> None:
    with forked(code=5) as pid:
        assert pidfd.look_any() == (pid, Code(5))
        assert pidfd.look_any() == (pid, Code(5))
        assert pidfd.reap_pid(pid) == Code(5)
        assert pidfd.look_any() is None
        assert pidfd.reap_pid(pid) is None


def test_a_pidfd_becomes_readable_when_the_process_ends_and_is_not_inherited() -> None:
    with sleeper() as child:
        handle = opened(child.pid)
        poll = select.poll()
        poll.register(handle, select.POLLIN)

        assert pidfd.pollable(handle)
        assert not os.get_inheritable(handle)
        assert poll.poll(0) == []
        child.kill()
        assert poll.poll(30_000)
        pidfd.close(handle)


def test_a_stand_in_cannot_be_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pidfd, "supported", lambda: False)

    assert not pidfd.pollable(opened(os.getpid()))
