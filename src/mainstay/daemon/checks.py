"""One look at whether a worker is well, by HTTP, TCP or a command. Nothing waits: the reactor calls when it goes on.

Each attempt ends once, with what was wrong in one line, or "" when nothing was.
"""

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace

from mainstay.daemon.children import Child, Children
from mainstay.daemon.reactor import Reactor
from mainstay.daemon.templates import why_not_started
from mainstay.model.exits import Ending, Exited
from mainstay.sys import procfs, tree
from mainstay.sys.spawn import Spawn, SpawnFailed, spawn

MOST = 1 << 20
"""Bytes of an answer that are read at most."""
HEAD = 12
"""Bytes of an answer in which the status is."""
WORDS = 4096
"""Bytes of a command's output that are kept."""

Done = Callable[[str], None]


class Attempt:
    """One look that is under way; `done` is called once."""

    def __init__(self, reactor: Reactor, timeout: float, done: Done) -> None:
        self._reactor = reactor
        self._done: Done | None = done
        reactor.later(timeout, lambda: self._time_is_over(timeout))

    def finish(self, why: str) -> None:
        """It is over."""
        done, self._done = self._done, None
        if done:
            self.release()
            done(why)

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        if self._done:
            self._done = None
            self.release()

    def release(self) -> None:
        """Let go of what it holds."""

    def _time_is_over(self, timeout: float) -> None:
        self.finish(self.late(timeout))

    def late(self, timeout: float) -> str:
        """What there is to say when its time is over."""
        return f"no answer within {timeout:g} s"


class Connection(Attempt):
    """A connection is taken; with `request`, it is answered with a status from 200 to 399."""

    def __init__(self, reactor: Reactor, sock: socket.socket, timeout: float, done: Done, request: bytes = b"") -> None:
        super().__init__(reactor, timeout, done)
        self._sock = sock
        self._request = request
        self._head = b""
        self._size = 0
        self._verdict: str | None = None
        sock.setblocking(False)
        reactor.read(sock.fileno(), self._read)
        reactor.write(sock.fileno(), self._write)

    def release(self) -> None:
        """Close the connection."""
        self._reactor.forget(self._sock.fileno())
        self._sock.close()

    def late(self, timeout: float) -> str:
        """The answer may have begun in time."""
        return super().late(timeout) if self._verdict is None else self._verdict

    def _write(self) -> None:
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self.finish(os.strerror(number).lower())
            return
        if not self._request:
            self.finish("")
            return
        try:
            sent = self._sock.send(self._request)
        except BlockingIOError:
            return
        except OSError as error:
            self.finish(str(error.strerror).lower())
            return
        self._request = self._request[sent:]
        if not self._request:
            self._reactor.write(self._sock.fileno(), None)

    def _read(self) -> None:
        try:
            data = self._sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.finish(self._verdict if self._verdict is not None else str(error.strerror).lower())
            return
        self._size += len(data)
        if self._verdict is None:
            self._head += data
            self._verdict = status_of(self._head)
        if not data or self._size > MOST:
            self.finish("the connection was closed without an answer" if self._verdict is None else self._verdict)


def status_of(head: bytes) -> str | None:
    """What is wrong with an HTTP answer that begins so; "" when nothing is, None when that cannot be seen yet."""
    if len(head) < HEAD:
        return None
    version, _, rest = head.partition(b" ")
    status = rest[:3]
    if not version.startswith(b"HTTP/") or not status.isdigit():
        return "what answers does not speak HTTP"
    return "" if 200 <= int(status) < 400 else f"status {int(status)}"


def http_request(path: str, host: str) -> bytes:
    """A GET that asks for one answer."""
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: mainstay-health", "Accept: */*", "Connection: close")
    return "\r\n".join((*lines, "", "")).encode()


class Program(Attempt):
    """A command exits with 0."""

    def __init__(self, reactor: Reactor, children: Children, recipe: Spawn, timeout: float, done: Done) -> None:
        """`recipe` without outputs: they are read here. A program that cannot be started is told as any other fault."""
        super().__init__(reactor, timeout, done)
        self._words = b""
        self._child: Child | None = None
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        reactor.read(self._reader, self._read)
        try:
            pid = spawn(replace(recipe, stdout=writer, stderr=writer))
        except (SpawnFailed, OSError) as error:
            reason = why_not_started(error)
            reactor.later(0.0, lambda: self.finish(reason))
            return
        finally:
            os.close(writer)
        self._child = children.add(pid, self._ended)

    def release(self) -> None:
        """End it with all that it started."""
        self._reactor.forget(self._reader)
        os.close(self._reader)
        if self._child:
            pid = self._child.pid  # it is not reaped yet, so its session is still its own
            found = tree.members(pid, pid, procfs.all_stats())
            self._child.signal(signal.SIGKILL)
            tree.signal_all([member for member in found if member.pid != pid], signal.SIGKILL)

    def _read(self) -> None:
        try:
            data = os.read(self._reader, WORDS)
        except OSError:
            data = b""
        if data:
            self._words = (self._words + data)[-WORDS:]
        else:
            self._reactor.forget(self._reader)

    def _ended(self, ending: Ending) -> None:
        if self._done is None:
            return
        self._read()
        lines = self._words.decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        self.finish("" if ending == Exited(0) else f"{ending}: {said}" if said else str(ending))
