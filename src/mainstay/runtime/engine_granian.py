"""The engine on granian: its Rust server on inherited listeners, made to drain as well as it lets us.

granian closes idle connections at once when it is told to stop, and stops accepting only then. So before that we answer
with `Connection: close` for a while (hyper honours it) and take the listener away from under it. What cannot be had:
connections accepted by others (`CONNECTION=1`) are refused, as nothing takes a connected socket; idle connections that
send nothing while draining are all closed at the same moment, when none was used for `QUIET` seconds.
"""

import asyncio
import os
import socket
import struct
import sys
from contextlib import suppress
from typing import Any, assert_never

from granian import _futures, _granian
from granian.asgi import LifespanProtocol
from granian.http import HTTP1Settings
from granian.wsgi import _callback_wrapper as wsgi_callback

from mainstay.runtime.assignment import Assignment
from mainstay.runtime.ending import QUIET, STARTUP_FAILED, leave_within, timetable
from mainstay.runtime.granian_gate import AsgiGate, WsgiGate
from mainstay.runtime.inbox import Inbox
from mainstay.runtime.load import Loaded
from mainstay.runtime.loops import loop_factory
from mainstay.runtime.messages import Accept, Connection, Interface, Report
from mainstay.runtime.proxied import has_proxies

# Any: granian's Python code has no types, and its stubs are behind its Rust code.
FUTURES: Any = _futures
RUST: Any = _granian

BACKLOG = 1024  # this, and the numbers below, are granian's own defaults for one worker
RUNTIME_THREADS = 1
RUNTIME_BLOCKING_THREADS = 512
BLOCKING_IDLE = 30
BACKPRESSURE = 1024
KEEP_ALIVE_MS = 75_000  # until the next request's head; why 75 s: see `engine_uvicorn.KEEP_ALIVE`
NO_TLS: tuple[object, ...] = (False, None, None, None, "tls1.3", None, [], False)
NO_METRICS = (None, None)
POLL = 0.02  # seconds between two looks, only while draining
TCPI_UNACKED = 24  # offset in struct tcp_info; of a listening socket it is the length of the accept queue


# The signal that stops one of granian's workers (Any: its Rust class), and the event that says it has stopped.
Running = tuple[Any, asyncio.Event]


def serve(assignment: Assignment) -> int:
    """Serve until drained; the exit code."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_Server(assignment).serve())


class Lifespan(LifespanProtocol):
    """granian's, which remembers why the app's startup failed."""

    failure = ""

    async def send(self, message: Any) -> None:
        """Take the app's message; Any: ASGI events are open dictionaries."""
        if message["type"] == "lifespan.startup.failed":
            lines = str(message.get("message", "")).strip().splitlines()
            self.failure = lines[-1].strip() if lines else "the app's startup failed"
        await super().send(message)  # type: ignore[no-untyped-call]


class _Server:
    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._control = assignment.control
        self._inbox = Inbox(assignment.control)
        self._running: list[Running] = []
        self._app = _as_granian_may_call(assignment)
        self._lifespan = Lifespan(self._app.app)  # type: ignore[no-untyped-call]
        self._gate: AsgiGate | WsgiGate

    async def serve(self) -> int:
        self._loop = asyncio.get_running_loop()
        self._inbox.open()
        times = timetable(self._assignment.load.stop_timeout)
        match self._app.interface:
            case Interface.WSGI:
                self._gate = WsgiGate(self._app.app)
            case _:
                startup = self._lifespan.startup()  # type: ignore[no-untyped-call]
                if not await self._inbox.finishes_unless_stopped(startup):
                    leave_within(times.leave, 0)
                    return 0
                if self._lifespan.interrupt:
                    self._control.error(self._lifespan.failure)
                    return STARTUP_FAILED
                self._gate = AsgiGate(self._app.app, self._lifespan.state)
        self._inbox.served = self._gate.served
        self._control.ready()
        async with asyncio.TaskGroup() as tasks:
            inbox = tasks.create_task(self._take_from_inbox())
            await self._inbox.stop_asked.wait()
            await self._drain()
            inbox.cancel()
        if isinstance(self._gate, AsgiGate):
            await self._lifespan.shutdown()  # type: ignore[no-untyped-call]
        return 0

    async def _take_from_inbox(self) -> None:
        while True:
            match await self._inbox.get():
                case Accept():
                    self._accept()
                case Report():
                    self._control.ready()
                case Connection(fd):
                    os.close(fd)
                    print("granian cannot serve a connection that was handed over: it is closed", file=sys.stderr)
                case request:
                    assert_never(request)

    def _accept(self) -> None:
        if self._running or self._inbox.stop_asked.is_set():
            return
        for listener in self._assignment.listeners:
            listener.setblocking(False)
            self._running.append(self._start(listener))

    def _start(self, listener: socket.socket) -> Running:
        """Let granian serve one listener."""
        stop, stopped = RUST.WorkerSignal(), asyncio.Event()
        stop.add_cb(lambda: self._loop.call_soon_threadsafe(stopped.set))
        local = listener.family == socket.AF_UNIX
        holder = (None, RUST.SocketHolder(listener.fileno(), local, BACKLOG))
        http1 = HTTP1Settings(header_read_timeout=KEEP_ALIVE_MS)
        common = (self._assignment.place.slot + 1, holder, None, RUNTIME_THREADS, RUNTIME_BLOCKING_THREADS)
        call = self._gate.__call__  # bound once: calling an object looks its method up each time
        if isinstance(self._gate, WsgiGate):
            threads = self._assignment.load.threads
            limits = (threads, BLOCKING_IDLE, BACKPRESSURE, "auto", http1, None)
            worker = RUST.WSGIWorker(*common, *limits, None, *NO_TLS, NO_METRICS)
            callback = wsgi_callback(call, {}, None)
        else:
            limits = (1, BLOCKING_IDLE, BACKPRESSURE, "auto", http1, None)
            worker = RUST.ASGIWorker(*common, *limits, True, None, *NO_TLS, NO_METRICS)
            callback = FUTURES._future_watcher_wrapper(call)
        run = worker.serve_mtr_uds if local else worker.serve_mtr
        run(FUTURES._new_cbscheduler(self._loop, callback, impl_asyncio=True), self._loop, stop)
        return stop, stopped

    async def _drain(self) -> None:
        times = timetable(self._assignment.load.stop_timeout)
        cut_at = self._inbox.stop_asked_at + times.cut
        self._gate.begin_drain()
        if self._running:
            await self._stop_accepting()
        self._control.stopping()
        while self._running and self._loop.time() < cut_at and not self._gate.is_quiet(QUIET):
            await asyncio.sleep(POLL)
        leave_within(self._inbox.stop_asked_at + times.leave - self._loop.time(), 0)
        if self._loop.time() >= cut_at:
            await self._gate.cut((times.leave - times.cut) / 4)
        for stop, _ in self._running:
            stop.set()
        ends = [asyncio.ensure_future(stopped.wait()) for _, stopped in self._running]
        if ends:
            left = cut_at - self._loop.time()  # what was in flight before the drain may still be: granian waits for it
            await asyncio.wait(ends, timeout=max(left, (times.leave - times.cut) / 4))

    async def _stop_accepting(self) -> None:
        """Put a listener that nobody can reach under granian's descriptors, once the accept queues are empty.

        Its accept(2) then finds nothing, ever, and the connections it has stay. The daemon's descriptor, which is why
        the kernel goes on queueing for the next worker, is not touched.
        """
        for _ in range(25):
            if not any(_queued(listener) for listener in self._assignment.listeners):
                break
            await asyncio.sleep(POLL)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as nobody:
            nobody.bind("")  # a name in the abstract namespace that the kernel chooses (unix(7))
            nobody.listen(1)
            nobody.setblocking(False)
            for listener in self._assignment.listeners:
                for fd in _same_socket(listener):
                    os.dup2(nobody.fileno(), fd, inheritable=False)


def _as_granian_may_call(assignment: Assignment) -> Loaded:
    """The app; a WSGI app that believes proxies is called through ASGI.

    In the environs that granian makes a header that a client calls X_Forwarded_For takes the place of the proxy's
    X-Forwarded-For, and of several with one name only the last is left.
    """
    if assignment.app.interface is not Interface.WSGI or not has_proxies(os.environ):
        return assignment.app
    from mainstay.runtime.wsgi import WSGIApp

    return Loaded(WSGIApp(assignment.app.app, threads=assignment.load.threads), Interface.ASGI)


def _queued(listener: socket.socket) -> int:
    """How many connections wait to be accepted; 0 where that cannot be known."""
    with suppress(OSError):
        if listener.family != socket.AF_UNIX:
            info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCPI_UNACKED + 4)
            return int(struct.unpack_from("I", info, TCPI_UNACKED)[0])
    return 0


def _same_socket(listener: socket.socket) -> list[int]:
    """All descriptors of this process for that socket: granian has duplicates of its own."""
    inode = os.fstat(listener.fileno()).st_ino
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}") == f"socket:[{inode}]":
                found.append(int(name))
    return found
