"""The engine on uvicorn: its lifespan, its websockets and its way to talk to apps, in a serve loop of our own.

HTTP is read by `http_connection` where httptools is installed, else by uvicorn's protocol for h11; both on uvloop where
that is installed. The serve loop is our own because uvicorn's closes idle connections at once on SIGTERM, polls ten
times a second, takes the signals and accepts as soon as it starts. One inbox: signals and the daemon's messages are
posted to it and taken out one at a time.
"""

import asyncio
import logging
import logging.config
import os
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, assert_never

import uvicorn
from uvicorn.config import LOGGING_CONFIG
from uvicorn.lifespan.on import LifespanOn

from mainstay.runtime import drain
from mainstay.runtime.assignment import Assignment
from mainstay.runtime.ending import STARTUP_FAILED, leave_within, timetable
from mainstay.runtime.inbox import Inbox
from mainstay.runtime.loops import loop_factory
from mainstay.runtime.messages import Accept, Connection, Interface, Report
from mainstay.runtime.shared import Shared

# Longer than the 60 s that nginx, AWS' load balancers and most proxies keep an idle connection to a backend: the side
# that sends requests must be the first to close, or it sends one into a connection that was just closed (uvicorn's own:
# 5 s).
KEEP_ALIVE = 75
BACKLOG = 2048  # uvicorn's; listen(2) is called again by the loop, and would cut the daemon's backlog to 100
QUEUE_SIZE = 4096  # more than an accept queue holds (net.core.somaxconn): the most that one drain takes from it
POLL = 0.02  # seconds between two looks at the connections, only while draining


def prepare() -> None:
    """Import what serving needs, and set up uvicorn's loggers as it does, so that the app can change them."""
    import uvicorn.lifespan.on
    import uvicorn.protocols.websockets.auto  # noqa: F401

    loop_factory()
    http_protocol()
    logging.config.dictConfig(LOGGING_CONFIG)
    logging.getLogger("uvicorn.error").addFilter(without_announcements)


def http_protocol() -> type[asyncio.Protocol]:
    """Our own protocol, or uvicorn's for h11 where httptools is not installed."""
    try:
        from mainstay.runtime.http_connection import HttpConnection
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return H11Protocol
    return HttpConnection


def without_announcements(record: logging.LogRecord) -> bool:
    """Drop uvicorn's own "Waiting for application startup." and the like; keep what apps log to its loggers."""
    return record.levelno >= logging.WARNING or not record.pathname.startswith(os.path.dirname(uvicorn.__file__))


def serve(assignment: Assignment) -> int:
    """Serve until drained; the exit code."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_Server(assignment).serve())


class Lifespan(LifespanOn):
    """uvicorn's, which remembers why the app's startup failed."""

    failure = ""

    async def send(self, message: Any) -> None:
        """Take the app's message; Any: ASGI events are open dictionaries."""
        if message["type"] == "lifespan.startup.failed":
            lines = str(message.get("message", "")).strip().splitlines()
            self.failure = lines[-1].strip() if lines else "the app's startup failed"
        await super().send(message)


class _Server:
    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._control = assignment.control
        self._config = _config(assignment)
        self._inbox = Inbox(assignment.control)
        self._inbox.served = lambda: self._state.total_requests
        self._servers: list[asyncio.AbstractServer] = []
        self._protocol = http_protocol()

    async def serve(self) -> int:
        self._loop = asyncio.get_running_loop()
        self._inbox.open()
        self._config.load()
        self._lifespan = Lifespan(self._config)
        self._state = Shared(self._config, self._loop, self._lifespan.state)
        if not await self._inbox.finishes_unless_stopped(self._lifespan.startup()):
            leave_within(timetable(self._assignment.load.stop_timeout).leave, 0)
            return 0
        if self._lifespan.should_exit:
            self._control.error(self._lifespan.failure)
            return STARTUP_FAILED
        self._each_second()
        self._control.ready()
        async with asyncio.TaskGroup() as tasks:
            inbox = tasks.create_task(self._take_from_inbox())
            await self._inbox.stop_asked.wait()
            await self._drain()
            inbox.cancel()
        await self._lifespan.shutdown()
        return 0

    async def _take_from_inbox(self) -> None:
        while True:
            match await self._inbox.get():
                case Accept():
                    await self._accept()
                case Report():
                    self._control.ready()
                case Connection(fd):
                    await self._adopt(socket.socket(fileno=fd))
                case request:
                    assert_never(request)

    async def _accept(self) -> None:
        if self._servers or self._inbox.stop_asked.is_set():
            return
        for listener in self._assignment.listeners:
            listener.setblocking(False)
            self._servers.append(await _listen(self._loop, self._new_connection, listener))

    def _new_connection(self) -> asyncio.Protocol:
        """A protocol object for an accepted connection; called by the loop."""
        protocol: Any = self._protocol  # ours takes what is shared, uvicorn's takes it in pieces
        if hasattr(protocol, "answered_at"):
            return protocol(self._state)  # type: ignore[no-any-return]
        connection = protocol(
            config=self._config, server_state=self._state, app_state=self._lifespan.state, _loop=self._loop
        )
        connection.opened_at = self._loop.time()
        return connection  # type: ignore[no-any-return]

    async def _adopt(self, sock: socket.socket) -> None:
        """Serve a connection that somebody else accepted."""
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the loops do for what they accept
        try:
            await self._loop.connect_accepted_socket(self._new_connection, sock)
        except OSError:  # the client is gone
            sock.close()

    def _each_second(self) -> None:
        """Renew the Date header, and close what has been idle for too long."""
        now = time.time()
        date = [(b"date", formatdate(now, usegmt=True).encode())]
        self._state.renew(date + self._config.encoded_headers)
        self._state.close_idle(KEEP_ALIVE)
        self._loop.call_later(1.0 - now % 1.0, self._each_second)

    async def _drain(self) -> None:
        times = timetable(self._assignment.load.stop_timeout)
        serving, self._protocol = self._protocol, drain.draining_class(self._protocol)
        self._look_at_connections(serving)
        for sock in self._stop_accepting():
            await self._adopt(sock)
        self._control.stopping()
        cut_at = self._inbox.stop_asked_at + times.cut
        await asyncio.sleep(POLL)
        while self._state.is_busy() or self._inbox.holds_any():
            if self._loop.time() >= cut_at:
                await self._cut(times.leave - times.cut)
                break
            self._look_at_connections(serving)
            await asyncio.sleep(POLL)
        leave_within(self._inbox.stop_asked_at + times.leave - self._loop.time(), 0)

    def _look_at_connections(self, serving: type[asyncio.Protocol]) -> None:
        """Close what is quiet. At the first look, and for those that the loop was just accepting, turn to draining."""
        for connection in list(self._state.connections):
            if type(connection) is serving:
                drain.begin(connection, self._protocol)
            if isinstance(connection, self._protocol):
                drain.close_when_quiet(connection, self._loop.time())

    def _stop_accepting(self) -> list[socket.socket]:
        """Close the listeners in this process; what waited in their queues."""
        if not self._servers:
            return []
        copies = [listener.dup() for listener in self._assignment.listeners]
        for server in self._servers:
            server.close()
        return [sock for copy in copies for sock in _empty(copy)]

    async def _cut(self, seconds: float) -> None:
        """End what did not end by itself: websockets with 1012 (service restart), then requests, then connections."""
        for connection in list(self._state.connections):
            if not isinstance(connection, self._protocol):
                connection.shutdown()
        await self._tasks_end_within(seconds / 4)
        for task in list(self._state.tasks):
            task.cancel("cut off: stop_timeout")
        await self._tasks_end_within(seconds / 4)
        for connection in list(self._state.connections):
            connection.transport.close()

    async def _tasks_end_within(self, seconds: float) -> None:
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=seconds)


def _config(assignment: Assignment) -> uvicorn.Config:
    app = assignment.app.app
    if assignment.app.interface is Interface.WSGI:
        from mainstay.runtime.wsgi import WSGIApp

        app = WSGIApp(app, threads=assignment.load.threads)
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=http_protocol(),
        log_config=None,
        access_log=False,
        proxy_headers=False,  # see `proxied`
        timeout_keep_alive=KEEP_ALIVE,
        backlog=BACKLOG,
        ws="none" if assignment.app.interface is Interface.WSGI else "auto",
    )


async def _listen(
    loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol], listener: socket.socket
) -> asyncio.AbstractServer:
    if listener.family != socket.AF_UNIX:
        return await loop.create_server(protocol, sock=listener, backlog=BACKLOG)
    # Any: the argument is new in Python 3.13, which without it removes the path, the daemon's, at the end.
    keep_path: Any = {"cleanup_socket": False}
    try:
        return await loop.create_unix_server(protocol, sock=listener, backlog=BACKLOG, **keep_path)
    except TypeError:
        return await loop.create_unix_server(protocol, sock=listener, backlog=BACKLOG)


def _empty(listener: socket.socket) -> list[socket.socket]:
    """Accept what waits in the queue now, and close this descriptor of the listener."""
    accepted: list[socket.socket] = []
    with listener:
        listener.setblocking(False)
        while len(accepted) < QUEUE_SIZE:
            try:
                accepted.append(listener.accept()[0])
            except OSError:  # BlockingIOError: empty; ECONNABORTED and the like: that one is gone, its successor not
                break
    return accepted
