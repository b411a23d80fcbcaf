"""Signals and messages come out of one inbox."""

import asyncio
import os
import signal
import socket

from mainstay.runtime.control import WorkerSide
from mainstay.runtime.inbox import Inbox
from mainstay.runtime.messages import Accept
from mainstay.sys.fds import socketpair_seqpacket


async def opened() -> tuple[Inbox, socket.socket]:
    ours, theirs = socketpair_seqpacket()
    inbox = Inbox(WorkerSide(theirs))
    inbox.open()
    return inbox, ours


def test_messages_are_taken_out_in_order() -> None:
    async def main() -> None:
        inbox, daemon = await opened()
        daemon.send(b"ACCEPT=1")

        assert await inbox.get() == Accept()
        assert not inbox.holds_any()

    asyncio.run(main())


def test_a_second_stop_changes_nothing() -> None:
    async def main() -> None:
        inbox, daemon = await opened()
        os.kill(os.getpid(), signal.SIGTERM)
        await inbox.stop_asked.wait()
        asked_at = inbox.stop_asked_at
        daemon.send(b"DRAIN=1\nACCEPT=1")
        os.kill(os.getpid(), signal.SIGTERM)
        await inbox.get()

        assert inbox.stop_asked_at == asked_at > 0

    asyncio.run(main())


def test_a_worker_that_was_never_told_to_accept_leaves_when_all_of_ours_are_gone() -> None:
    async def main() -> None:
        inbox, daemon = await opened()
        daemon.send(b"REPORT=1")
        await inbox.get()
        daemon.close()
        await asyncio.wait_for(inbox.stop_asked.wait(), 30)

        assert not await inbox.finishes_unless_stopped(asyncio.sleep(30))

    asyncio.run(main())


def test_a_daemon_that_goes_stops_nothing() -> None:
    async def main() -> None:
        inbox, daemon = await opened()
        daemon.send(b"ACCEPT=1")
        await inbox.get()
        daemon.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert not inbox.stop_asked.is_set()
        assert await inbox.finishes_unless_stopped(asyncio.sleep(0))

    asyncio.run(main())


def test_a_startup_is_given_up_when_a_stop_is_asked_for() -> None:
    async def main() -> None:
        inbox, daemon = await opened()
        daemon.send(b"DRAIN=1")

        assert not await inbox.finishes_unless_stopped(asyncio.sleep(3600))

    asyncio.run(main())


def test_limits_are_heeded_and_are_no_message_for_the_engine() -> None:
    async def main() -> None:
        inbox, daemon = await opened()
        inbox.served = lambda: 7
        daemon.send(b"WATCHDOG_USEC=0\nMAX_REQUESTS=5")
        daemon.send(b"ACCEPT=1")

        assert await inbox.get() == Accept()
        assert daemon.recv(100) == b"REQUESTS=7"

    asyncio.run(main())
