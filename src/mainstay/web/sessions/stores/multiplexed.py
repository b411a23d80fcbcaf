"""One connection that all tasks of an event loop share: commands go out in batches, replies come back in order.

A command costs no connection from a pool and no timer of its own. A task that was cancelled or waited too long leaves
its place in the queue, so that its reply is dropped and never becomes somebody else's.
"""

import asyncio
import contextvars
from collections import deque
from typing import Generic, TypeVar, cast

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.backoff import Backoff
from mainstay.web.sessions.stores.keepalive import keep_alive
from mainstay.web.sessions.stores.wire import NOTHING, Dropped, Garbled, Server

R = TypeVar("R")

_MOST_UNSENT = 16 * 1024 * 1024
_LAST_LOOK = 0.002


class Multiplexed(Generic[R]):
    """The way to one server from one event loop. It connects when it is asked for something, and again when dropped."""

    def __init__(self, server: Server[R], loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._link: Link[R] | None = None
        self._connecting: asyncio.Task[Link[R]] | None = None
        self._backoff = Backoff()

    async def call(self, command: bytes) -> R:
        """Send an idempotent command and return its reply; raises StoreError within the time limit.

        A command whose connection broke is sent once more, so it must be one that can be carried out twice.
        """
        deadline = self._loop.time() + self._server.limits.timeout
        link = self._link
        if link is None or link.ended:
            return await self._connected_call(command, deadline)
        try:
            return await link.send(command, deadline)
        except Dropped:
            return await self._connected_call(command, deadline)

    async def close(self) -> None:
        """Close the connection; commands under way get StoreError. A later `call` connects again."""
        connecting, link = self._connecting, self._link
        self._connecting = self._link = None
        if connecting is not None:
            connecting.cancel()
            await asyncio.wait([connecting])
        if link is not None:
            link.abort(StoreError(f"the store was closed while {self._server} had not yet answered"))

    async def _connected_call(self, command: bytes, deadline: float) -> R:
        try:
            async with asyncio.timeout_at(deadline):
                link = await self._connected()
                return await link.send(command, deadline)
        except TimeoutError:
            raise self._server.timed_out() from None

    async def _connected(self) -> "Link[R]":
        if self._link is not None and not self._link.ended:
            return self._link
        if self._connecting is None:
            refusal = self._backoff.refusal(self._loop.time())
            if refusal is not None:
                raise StoreError(str(refusal))
            # A task of its own: whoever asked first may be cancelled, the others wait for the same connection. It is
            # bounded by connect_timeout, and `close` waits for it.
            work = self._connect()
            self._connecting = self._loop.create_task(work, context=contextvars.Context())
            self._connecting.add_done_callback(self._settled)
        connecting = self._connecting
        try:
            return await asyncio.shield(connecting)
        except StoreError as error:
            raise StoreError(str(error)) from None  # one exception object for many tasks would share a traceback
        except asyncio.CancelledError:
            if connecting.cancelled() and not _is_being_cancelled():
                raise StoreError(f"the store was closed while it connected to {self._server}") from None
            raise

    def _settled(self, task: "asyncio.Task[Link[R]]") -> None:
        if self._connecting is task:
            self._connecting = None
        if not task.cancelled():
            task.exception()  # the waiters got it; nobody may be left to see it

    async def _connect(self) -> "Link[R]":
        link = Link(self._server, self._loop)
        try:
            async with asyncio.timeout(self._server.limits.connect_timeout):
                await self._open(link)
                await self._greet(link)
        except BaseException as cause:
            link.abort(None)
            if isinstance(cause, Exception):
                error = self._refused(cause)
                self._backoff.failed(error, self._loop.time())
                raise error from None
            raise
        self._backoff.succeeded()
        self._link = link
        return link

    async def _open(self, link: "Link[R]") -> None:
        place = self._server.place
        if place.path:
            await self._loop.create_unix_connection(lambda: link, place.path)
        else:
            name = place.host if place.tls else None
            await self._loop.create_connection(
                lambda: link, place.host, place.port, ssl=place.tls, server_hostname=name
            )

    async def _greet(self, link: "Link[R]") -> None:
        deadline = self._loop.time() + self._server.limits.connect_timeout
        commands = self._server.wire.greeting()
        while commands:
            waiters = [link.send(command, deadline) for command in commands]
            replies = await asyncio.gather(*waiters)
            commands = self._server.wire.greeted(replies)
        link.greeted()

    def _refused(self, cause: Exception) -> StoreError:
        match cause:
            case StoreError():
                return cause
            case TimeoutError():
                return self._server.unreachable(f"no connection within {self._server.limits.connect_timeout:g} s")
            case _:
                return self._server.unreachable(cause)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Link(asyncio.Protocol, Generic[R]):
    """One connection, from its making to its end: the commands that wait for a reply, oldest first."""

    def __init__(self, server: Server[R], loop: asyncio.AbstractEventLoop) -> None:
        self.ended = False
        self._server = server
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = server.wire.parser()
        self._waiting: deque[tuple[asyncio.Future[R], float, int]] = deque()  # until when, and what had arrived before
        self._unsent: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._arrivals = 0

    def send(self, command: bytes, deadline: float) -> "asyncio.Future[R]":
        """Queue a command; its reply comes with the future, or Dropped, or TimedOut at `deadline` (loop time)."""
        if self.ended:
            raise self._server.dropped()
        if len(self._waiting) >= self._server.limits.most_waiting:
            raise StoreError(f"{self._server} is behind: {len(self._waiting)} commands wait for an answer")
        waiter = self._loop.create_future()
        self._waiting.append((waiter, deadline, self._arrivals))
        self._unsent.append(command)
        if len(self._unsent) == 1:
            self._loop.call_soon(self._flush)
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._look_at_the_clock)
        return waiter

    def greeted(self) -> None:
        """The greeting is over, whose time limit was another one: the clock is set by the next command."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def abort(self, error: StoreError | None) -> None:
        """End the connection without waiting for anything; who waits gets `error`, or Dropped."""
        self._end(error)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is there."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        if self.ended:
            self._transport.abort()  # the time to connect was over
            return
        keep_alive(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes arrived; hand the replies to those who wait, in order."""
        self._arrivals += 1
        try:
            self._parser.feed(data)
            while (reply := self._parser.gets()) is not NOTHING:
                if not self._waiting:
                    raise Garbled(f"{self._server} sent a reply that nobody asked for")
                waiter, _, _ = self._waiting.popleft()
                if not waiter.done():  # cancelled or too late: the reply is dropped
                    waiter.set_result(reply)
        except Garbled as error:
            self.abort(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection has ended."""
        self._end(self._server.dropped(exc))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self.ended or self._transport is None:
            return
        if self._transport.get_write_buffer_size() > _MOST_UNSENT:
            self.abort(self._server.dropped("it no longer reads what is sent"))
            return
        self._transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))

    def _look_at_the_clock(self) -> None:
        """Somebody's time may be over; an answer that has already arrived counts.

        A loop that was busy for long may run its timers before it reads (uvloop does): so it reads once more first.
        """
        self._timer = self._loop.call_later(_LAST_LOOK, self._tell_the_late)

    def _tell_the_late(self) -> None:
        """Tell those whose time is over. A server that said nothing since it was asked gets a new connection.

        A place whose task was cancelled counts as well: whoever waits may have a shorter limit than this one.
        """
        self._timer = None
        now = self._loop.time()
        silent = False
        for waiter, deadline, before in self._waiting:
            if deadline > now:
                self._timer = self._loop.call_at(deadline, self._look_at_the_clock)
                break
            silent = silent or before == self._arrivals
            if not waiter.done():
                waiter.set_exception(self._server.timed_out())
        if silent:
            self.abort(None)

    def _end(self, error: StoreError | None) -> None:
        if self.ended:
            return
        self.ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        message = str(error or self._server.dropped())
        kind = type(error) if error is not None else Dropped
        while self._waiting:
            waiter, _, _ = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(kind(message))
