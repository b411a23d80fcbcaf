"""The one inbox of a worker: signals and the daemon's messages are posted here, and taken out one at a time."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from mainstay.runtime.control import WorkerSide
from mainstay.runtime.messages import Accept, Connection, Drain, Limits, Report

if TYPE_CHECKING:
    from mainstay.runtime.care import Care


class Inbox:
    """SIGTERM, SIGINT and DRAIN=1 set `stop_asked`, once; everything else is for `get`.

    The end of the control socket means that all of ours were killed. A worker that was told to accept serves on, and
    the next daemon knows it. One that was not may be known to nobody, and serves nobody: it leaves.
    """

    def __init__(self, control: WorkerSide) -> None:
        self._control = control
        self._queue: asyncio.Queue[Accept | Connection | Report] = asyncio.Queue()
        self.stop_asked = asyncio.Event()
        self.stop_asked_at = 0.0  # the loop's time, in seconds
        self._told = False
        self.served: Callable[[], int] = lambda: 0
        """How many requests the engine has answered."""
        self._care: Care | None = None

    def open(self) -> None:
        """Take the signals and the control socket of this process; call it in the running loop."""
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._on_stop)
        self._loop.add_reader(self._control.fileno(), self._on_control)

    async def get(self) -> Accept | Connection | Report:
        """Wait for the next message."""
        return await self._queue.get()

    def holds_any(self) -> bool:
        """Whether a message waits."""
        return not self._queue.empty()

    async def finishes_unless_stopped(self, startup: Coroutine[Any, Any, None]) -> bool:
        """Run the app's startup to its end: True; False, and it is cancelled, when a stop is asked for before."""
        running = asyncio.ensure_future(startup)
        stopped = asyncio.ensure_future(self.stop_asked.wait())
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if running.done():
            running.result()
            return True
        running.cancel()
        return False

    def _on_stop(self) -> None:
        if not self.stop_asked.is_set():  # a second SIGTERM changes nothing
            self.stop_asked_at = self._loop.time()
            self.stop_asked.set()

    def _on_control(self) -> None:
        requests = self._control.receive()
        if requests is None:
            self._loop.remove_reader(self._control.fileno())
            if not self._told:
                self._on_stop()
            return
        for request in requests:
            self._told = self._told or isinstance(request, Accept)
            if isinstance(request, Drain):
                self._on_stop()
            elif isinstance(request, Limits):
                self._watch(request)
            else:
                self._queue.put_nowait(request)

    def _watch(self, limits: Limits) -> None:
        from mainstay.runtime.care import Care

        self._care = self._care or Care(self._control, lambda: self.served())
        self._care.set(limits)
