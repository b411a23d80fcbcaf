"""Draining uvicorn's connections so that no request is lost.

Before a drain this costs nothing: the connections know nothing of it. When it begins their class is changed to one that
announces `Connection: close` in every further response; the others' requests are on their way already and must find
somebody. So an idle connection is closed only when it has been quiet for a while, and never with unread bytes.

Relied on, of our own connections and of uvicorn's alike: `cycle` (the newest request, or None) with
`response_started`, `response_complete`, `keep_alive`, `more_body`, `transport`. Of ours `answered_at`, of uvicorn's
`timeout_keep_alive_task`: set exactly while a connection idles after a response.
"""

import array
import asyncio
import fcntl
import termios
from typing import Any

from mainstay.runtime.ending import QUIET

CLOSE = (b"connection", b"close")

# Any: uvicorn's protocol classes share these attributes without sharing a type.
Protocol = Any


class UnreadBody:
    """A transport whose `close` waits for the rest of the request's body: an earlier one would reset the response."""

    def __init__(self, transport: asyncio.Transport, cycle: Protocol) -> None:
        self._transport = transport
        self._cycle = cycle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        """Close now, or leave it to the client, who was told to, or to the end of quiet time."""
        if not self._cycle.more_body:
            self._transport.close()


def draining_class(serving: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """The class that connections of the class `serving` get while draining: each response announces the close.

    Made from `serving` alone: with a second base an object of the one class could not become one of the other.
    """
    read = serving.data_received

    def data_received(self: Protocol, data: bytes) -> None:
        read(self, data)
        announce_close(self)

    # `announced`: the request whose response will close the connection.
    return type(f"Draining{serving.__name__}", (serving,), {"data_received": data_received, "announced": None})


def announce_close(connection: Protocol) -> None:
    """Make the newest request's response the last of its connection, unless its head has been sent already."""
    cycle, before = connection.cycle, connection.announced
    if cycle is None or cycle is before or cycle.response_started:
        return
    if before is not None and not before.response_started:  # pipelined: the client has not been told yet
        _keep_alive(before, True)
    if cycle.keep_alive:
        connection.announced = cycle
        _keep_alive(cycle, False)
        if cycle.more_body:
            cycle.transport = UnreadBody(cycle.transport, cycle)


def _keep_alive(cycle: Protocol, keep: bool) -> None:
    cycle.keep_alive = keep
    headers = getattr(cycle, "default_headers", None)
    if headers is not None:  # uvicorn's protocol for h11 closes without saying so otherwise
        cycle.default_headers = [header for header in headers if header is not CLOSE] + ([] if keep else [CLOSE])


def begin(connection: Protocol, draining: type[asyncio.Protocol]) -> None:
    """Turn a living connection into a draining one."""
    if connection.transport is None or connection.transport.is_closing():
        return
    connection.__class__ = draining
    connection.transport.set_protocol(connection)  # uvloop holds on to the methods of the protocol it was given
    announce_close(connection)


def close_when_quiet(connection: Protocol, now: float) -> None:
    """Close a connection that is idle, has been quiet for `QUIET` seconds and has nothing unread."""
    quiet_since = idle_since(connection)
    if quiet_since is not None and now - quiet_since >= QUIET and not _has_unread(connection.transport):
        connection.transport.close()


def idle_since(connection: Protocol) -> float | None:
    """The loop's time of the last activity of an idle connection; None while a request is being read or answered."""
    cycle = connection.cycle
    if cycle is not None and not cycle.response_complete:
        return None
    answered_at = _answered_at(connection)
    if answered_at is not None:
        return answered_at
    if cycle is None and not _has_part_of_request(connection):
        return float(connection.opened_at)
    return None


def _answered_at(connection: Protocol) -> float | None:
    if hasattr(connection, "answered_at"):
        return connection.answered_at  # type: ignore[no-any-return]
    armed: asyncio.TimerHandle | None = connection.timeout_keep_alive_task
    return None if armed is None else armed.when() - float(connection.timeout_keep_alive)


def _has_part_of_request(connection: Protocol) -> bool:
    if connection.headers is not None:
        return True
    h11_connection = getattr(connection, "conn", None)  # httptools' protocol has set the headers by then
    return h11_connection is not None and bool(h11_connection.trailing_data[0])


def _has_unread(transport: asyncio.Transport) -> bool:
    """Whether the kernel holds bytes of a request that the loop has not come to (FIONREAD, ioctl_tty(2))."""
    sock = transport.get_extra_info("socket")
    count = array.array("i", [0])
    try:
        fcntl.ioctl(sock.fileno(), termios.FIONREAD, count)
    except (AttributeError, OSError):
        return False
    return count[0] > 0
