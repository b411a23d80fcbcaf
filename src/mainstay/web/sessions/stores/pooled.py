"""Blocking connections for threads (or greenlets): taken for one command, given back after it.

There are never more than commands were under way at once. A connection on which anything went wrong, be it only a
KeyboardInterrupt, is closed and not given back: its next reply could be somebody else's.
"""

import os
import socket
import time
import weakref
from typing import Generic, TypeVar

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.backoff import Backoff
from mainstay.web.sessions.stores.keepalive import keep_alive
from mainstay.web.sessions.stores.wire import NOTHING, Dropped, Garbled, Parser, Server

R = TypeVar("R")

_CHUNK = 65536

_everyone: "weakref.WeakSet[Pooled[object]]" = weakref.WeakSet()


class Pooled(Generic[R]):
    """The way to one server from all threads of a process."""

    def __init__(self, server: Server[R]) -> None:
        self._server = server
        self._idle: list[Connection[R]] = []
        self._backoff = Backoff()
        _everyone.add(self)  # type: ignore[arg-type]  # a set of any kind of them

    def __repr__(self) -> str:
        return f"Pooled({self._server}, {len(self._idle)} idle)"

    def call(self, command: bytes) -> R:
        """Send an idempotent command and return its reply; raises StoreError within the time limit.

        A connection that the server closed while it was idle is not the command's fault: a new one is tried once.
        """
        deadline = time.monotonic() + self._server.limits.timeout
        try:
            connection = self._idle.pop()  # atomic, and the one used last: the others can grow old together
        except IndexError:
            return self._exchange(self._connect(deadline), command, deadline)
        try:
            return self._exchange(connection, command, deadline)
        except Dropped:
            self.close()  # the others are as old
            return self._exchange(self._connect(deadline), command, deadline)

    def close(self) -> None:
        """Close the idle connections. A later `call` connects again."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(self, connection: "Connection[R]", command: bytes, deadline: float) -> R:
        try:
            reply = connection.exchange([command], deadline)[0]
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return reply

    def _connect(self, deadline: float) -> "Connection[R]":
        now = time.monotonic()
        refusal = self._backoff.refusal(now)
        if refusal is not None:
            raise StoreError(str(refusal))
        try:
            connection = self._greeted(deadline)
        except StoreError as error:
            self._backoff.failed(error, time.monotonic())
            raise
        self._backoff.succeeded()
        return connection

    def _greeted(self, deadline: float) -> "Connection[R]":
        try:
            connection = Connection(self._server, _opened(self._server, deadline))
        except (OSError, ValueError) as cause:
            raise self._server.unreachable(cause) from None
        try:
            commands = self._server.wire.greeting()
            while commands:
                commands = self._server.wire.greeted(connection.exchange(list(commands), deadline))
        except BaseException:
            connection.close()
            raise
        return connection


class Connection(Generic[R]):
    """One blocking connection."""

    def __init__(self, server: Server[R], sock: socket.socket) -> None:
        self._server = server
        self._sock = sock
        self._parser: Parser[R] = server.wire.parser()

    def exchange(self, commands: list[bytes], deadline: float) -> list[R]:
        """Send commands and return one reply for each. Raises TimedOut, Dropped or Garbled."""
        try:
            self._sock.settimeout(self._left(deadline))
            self._sock.sendall(b"".join(commands))
            replies: list[R] = []
            while len(replies) < len(commands):
                replies.append(self._reply(deadline))
        except TimeoutError:
            raise self._server.timed_out() from None
        except OSError as cause:
            raise self._server.dropped(cause) from None
        if self._parser.gets() is not NOTHING:
            raise Garbled(f"{self._server} sent a reply that nobody asked for")
        return replies

    def close(self) -> None:
        """Close it, without a word to the server: a child process may hold the same connection."""
        self._sock.close()

    def _reply(self, deadline: float) -> R:
        while (reply := self._parser.gets()) is NOTHING:
            self._sock.settimeout(self._left(deadline))
            data = self._sock.recv(_CHUNK)
            if not data:
                raise self._server.dropped()
            self._parser.feed(data)
        return reply

    def _left(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _opened(server: Server[R], deadline: float) -> socket.socket:
    """A connected socket, with TLS where it is asked for."""
    place = server.place
    left = max(deadline - time.monotonic(), 0.001)
    if place.path:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(left)
            sock.connect(place.path)
        except BaseException:
            sock.close()
            raise
        return sock
    sock = socket.create_connection((place.host, place.port), timeout=left)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(sock)
        if place.tls is not None:
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            return place.tls.wrap_socket(sock, server_hostname=place.host)
    except BaseException:
        sock.close()
        raise
    return sock


def _forget_all() -> None:
    for one in list(_everyone):
        one.close()


os.register_at_fork(after_in_child=_forget_all)
