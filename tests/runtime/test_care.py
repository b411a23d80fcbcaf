import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from mainstay.runtime.care import Care
from mainstay.runtime.control import WorkerSide
from mainstay.runtime.messages import DUMP_SIGNAL, Limits
from mainstay.sys.fds import socketpair_seqpacket

STUCK = """
import asyncio, socket, time
from mainstay.runtime.care import Care
from mainstay.runtime.control import WorkerSide
from mainstay.runtime.messages import Limits

def stand_still():
    print("stuck", flush=True)
    time.sleep(1000)

async def main():
    Care(WorkerSide(socket.socketpair()[0]), lambda: 0).set(Limits(30.0, 0))
    stand_still()

asyncio.run(main())
"""


def said(limits: list[Limits], served: int = 0) -> list[bytes]:
    """What the daemon hears within a moment, when it tells these limits one after another."""
    ours, theirs = socketpair_seqpacket()

    async def serve() -> None:
        care = Care(WorkerSide(theirs), lambda: served)
        for one in limits:
            care.set(one)
        await asyncio.sleep(0.2)

    with ours, theirs:
        asyncio.run(serve())
        ours.setblocking(False)
        heard: list[bytes] = []
        while True:
            try:
                heard.append(ours.recv(100))
            except BlockingIOError:
                return heard


def test_it_is_heard_of_three_times_in_the_time_of_the_watchdog() -> None:
    heard = said([Limits(0.3, 0)])

    assert set(heard) == {b"WATCHDOG=1"}
    assert 2 <= len(heard) <= 3


def test_it_says_once_that_it_has_answered_its_share() -> None:
    assert said([Limits(0.0, 10)], served=9) == []
    assert said([Limits(0.0, 10)], served=12) == [b"REQUESTS=12"]


def test_other_limits_take_the_place_of_those_before() -> None:
    assert said([Limits(0.0, 5), Limits(0.0, 0)], served=6) == [b"REQUESTS=6"]
    assert said([Limits(0.01, 0), Limits(0.0, 0)]) == [b"WATCHDOG=1"]


def test_a_daemon_that_does_not_read_does_not_stop_it() -> None:
    ours, theirs = socketpair_seqpacket()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with ours, theirs:
        side = WorkerSide(theirs)
        for _ in range(2000):
            side.alive()


def test_the_signal_has_it_write_where_it_is_stuck() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(DUMP_SIGNAL)
        lines = [process.stderr.readline() for _ in range(3)]
        process.send_signal(signal.SIGKILL)

    assert any("in stand_still" in line for line in lines), lines
