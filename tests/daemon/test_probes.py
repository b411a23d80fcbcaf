import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from mainstay.daemon import probes
from mainstay.daemon.reactor import Reactor
from mainstay.model.spec import Command, Program, PythonApp
from tests.daemon.turning import turned

Child = subprocess.Popen[bytes]


@pytest.fixture
def children() -> Iterator[list[Child]]:
    found: list[Child] = []
    yield found
    for child in found:
        child.kill()
        child.wait()


def start(children: list[Child], *argv: str) -> int:
    children.append(subprocess.Popen(argv))
    return children[-1].pid


def settling(pid: int, quiet: float = probes.QUIET) -> tuple[Reactor, list[float]]:
    reactor, calls, began = Reactor(), list[float](), time.monotonic()
    probes.settled(reactor, pid, quiet, lambda: calls.append(time.monotonic() - began))
    return reactor, calls


@pytest.mark.parametrize(
    ("program", "seconds"),
    [
        (Command(("/usr/bin/python3.11", "x.py")), probes.SCRIPT_QUIET),
        (Command(("node", "x.js")), probes.SCRIPT_QUIET),
        (Command(("nginx",)), probes.QUIET),
        (PythonApp("a:b", "/usr/bin/python3"), probes.QUIET),
    ],
)
def test_scripts_must_be_quiet_for_longer(program: Program, seconds: float) -> None:
    assert probes.patience(program) == seconds


def test_a_program_that_sleeps_has_settled(children: list[Child]) -> None:
    reactor, calls = settling(start(children, "sleep", "1000"))
    turned(reactor, lambda: calls)

    assert len(calls) == 1


def test_a_program_must_have_been_quiet_for_its_time(children: list[Child]) -> None:
    reactor, calls = settling(start(children, "sleep", "1000"), 0.3)
    turned(reactor, lambda: calls)

    assert calls[0] >= 0.3


def test_a_program_that_stays_busy_has_settled_after_a_while(children: list[Child]) -> None:
    reactor, calls = settling(start(children, sys.executable, "-c", "while True: pass"))
    turned(reactor, lambda: calls)

    assert calls[0] >= probes.LONG_ENOUGH * 0.8


def test_a_program_that_ends_never_settles(children: list[Child]) -> None:
    pid = start(children, "sleep", "1000")
    reactor, calls = settling(pid, 0.5)
    os.kill(pid, signal.SIGKILL)
    ended: list[int] = []
    reactor.later(1.5, lambda: ended.append(1))
    turned(reactor, lambda: ended)

    assert calls == []


def test_a_program_that_is_gone_never_settles(children: list[Child]) -> None:
    pid = start(children, "true")
    children[0].wait()
    reactor, calls = settling(pid)
    ended: list[int] = []
    reactor.later(0.3, lambda: ended.append(1))
    turned(reactor, lambda: ended)

    assert calls == []
