"""Descriptors that outlive a process: kept in flight (unix(7), SCM_RIGHTS) in the queue of a socket pair.

Whoever holds the pair keeps what is in its queue open, without reading it and without running any code: a shell that
sleeps is enough. The heir of a process that was killed inherits the pair and finds every descriptor under its name.

There are two pairs. What is kept is written anew into the empty one, ended by a mark, before the other one is emptied:
at every moment one of them is whole, so a kill in the middle loses nothing. Reading looks and takes nothing away
(SO_PEEK_OFF).
"""

import fcntl
import os
import socket
from collections.abc import Iterable
from contextlib import suppress

from mainstay.sys.fds import recv_with_fds, send_with_fds

_SO_PEEK_OFF = 42
_MSG_PEEK = 2
_FIRST = 10  # ours are out of the way of the numbers that programs are given
_MOST = 253  # descriptors a message takes (SCM_MAX_FD)
_BYTES = 65536
_BEGIN, _WHOLE = b"begin ", b"whole"
_GARBAGE = 64
"""Descriptors of dropped names that may lie in the queue until it is written anew."""

Kept = dict[str, tuple[int, ...]]
_Entry = tuple[str, int, tuple[int, ...]]


class FdStore:
    """Named groups of descriptors. `inherited`: the `fds` of a process that is gone; read them with `recover`.

    A descriptor stays open in the store when it is closed here. Trouble (no room, too many in flight) raises OSError;
    what was kept before stays.
    """

    def __init__(self, inherited: tuple[int, ...] = ()) -> None:
        if inherited:
            made = [socket.socket(fileno=fd) for fd in inherited]
            self._pairs = ((made[0], made[1]), (made[2], made[3]))
        else:
            self._pairs = (_pair(), _pair())
        for sock in self._sockets():
            sock.setblocking(False)
        self._active = 0
        self._serial = 0
        self._kept: Kept = {}
        """Duplicates of what is kept: the store is written anew from them."""
        self._garbage = 0
        if not inherited:
            self._write(self._pairs[0][0], {}, 0)

    def __repr__(self) -> str:
        return f"<FdStore {len(self._kept)} names>"

    @property
    def fds(self) -> tuple[int, ...]:
        """The four sockets, for the guardian and for an heir."""
        return tuple(sock.fileno() for sock in self._sockets())

    def put(self, name: str, fds: tuple[int, ...]) -> None:
        """Keep duplicates of these descriptors under a name, in place of what it had."""
        if not fds:
            raise ValueError(f"nothing to keep as {name}")
        if name in self._kept:
            self.drop((name,))
        self._kept[name] = _copies(fds)
        try:
            self._send(name, fds)
        except OSError:
            _close(self._kept.pop(name))
            raise

    def _send(self, name: str, fds: tuple[int, ...]) -> None:
        try:
            for line, part in _parts(name, fds):
                send_with_fds(self._pairs[self._active][0], line, part)
        except BlockingIOError:  # the queue is full of single messages: written anew they share some
            self.renew()

    def take(self, name: str) -> tuple[int, ...]:
        """New descriptors of what is kept under a name, which are the caller's; empty when there is nothing."""
        return _copies(self._kept.get(name, ()))

    def names(self) -> tuple[str, ...]:
        """What is kept."""
        return tuple(self._kept)

    def drop(self, names: Iterable[str], *, now: bool = False) -> None:
        """Keep these no longer. `now`: they are closed here and now, as a port that must become free; else in time."""
        for name in names:
            fds = self._kept.pop(name, ())
            _close(fds)
            self._garbage += len(fds)
        if self._garbage and (now or self._garbage > _GARBAGE):
            self.renew()

    def renew(self) -> None:
        """Write all that is kept into the other pair, then empty the one that has it until now."""
        other = 1 - self._active
        _drain(self._pairs[other][1])
        self._write(self._pairs[other][0], self._kept, self._serial + 1)
        self._serial += 1
        _drain(self._pairs[self._active][1])
        self._active, self._garbage = other, 0

    def recover(self) -> tuple[str, ...]:
        """Look for what the process before us kept; the names, each with what it had last."""
        found = [_contents(reader) for _, reader in self._pairs]
        best = max((0, 1), key=lambda index: found[index][0])
        self._active, self._serial = best, max(found[best][0], 0)
        for _, _, fds in found[1 - best][1]:
            _close(fds)
        for name, part, fds in found[best][1]:
            if not part:
                _close(self._kept.pop(name, ()))
            self._kept[name] = (*self._kept.get(name, ()), *fds)
        self.renew()  # names that were put twice or dropped have left something behind
        return self.names()

    def close(self) -> None:
        """Let go of everything; what is kept is closed when nobody else holds the pairs."""
        for fds in self._kept.values():
            _close(fds)
        self._kept = {}
        for sock in self._sockets():
            sock.close()

    def _sockets(self) -> tuple[socket.socket, ...]:
        return (*self._pairs[0], *self._pairs[1])

    @staticmethod
    def _write(sock: socket.socket, kept: Kept, serial: int) -> None:
        send_with_fds(sock, _BEGIN + str(serial).encode(), ())
        lines: list[bytes] = []
        batch: list[int] = []
        for line, fds in (part for name, whole in kept.items() for part in _parts(name, whole)):
            if len(batch) + len(fds) > _MOST or sum(map(len, lines)) + len(line) > _BYTES // 2:
                send_with_fds(sock, b"".join(lines), batch)
                lines, batch = [], []
            lines.append(line)
            batch += fds
        if lines:
            send_with_fds(sock, b"".join(lines), batch)
        send_with_fds(sock, _WHOLE, ())


def _copies(fds: tuple[int, ...]) -> tuple[int, ...]:
    made: list[int] = []
    try:
        for fd in fds:
            made.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST))
    except OSError:
        _close(made)
        raise
    return tuple(made)


def _pair() -> tuple[socket.socket, socket.socket]:
    """A writing end and the end in whose queue things are kept."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _parts(name: str, fds: tuple[int, ...]) -> list[tuple[bytes, tuple[int, ...]]]:
    """The lines for a name and the descriptors that belong to each: no message takes more than `_MOST`."""
    cuts = range(0, len(fds), _MOST)
    parts = [(number, fds[at : at + _MOST]) for number, at in enumerate(cuts)]
    return [(f"{len(part)} {number} {name}\n".encode(), part) for number, part in parts]


def _contents(reader: socket.socket) -> tuple[int, list[_Entry]]:
    """The serial of what a queue holds, -1 when it is not whole, and its entries, with new descriptors of ours."""
    serial, whole, entries = -1, False, []
    reader.setsockopt(socket.SOL_SOCKET, _SO_PEEK_OFF, 0)
    try:
        while message := _next(reader):
            data, fds = message
            if data.startswith(_BEGIN):
                serial = int(data[len(_BEGIN) :])
            elif data == _WHOLE:
                whole = True
            else:
                entries += _named(data, fds)
    finally:
        reader.setsockopt(socket.SOL_SOCKET, _SO_PEEK_OFF, -1)
    return serial if whole else -1, entries


def _named(data: bytes, fds: list[int]) -> list[_Entry]:
    entries = []
    for line in data.decode().splitlines():
        count, part, name = line.split(" ", 2)
        entries.append((name, int(part), tuple(fds[: int(count)])))
        fds = fds[int(count) :]
    return entries


def _next(reader: socket.socket) -> tuple[bytes, list[int]] | None:
    try:
        return recv_with_fds(reader, _BYTES, _MOST, _MSG_PEEK)
    except BlockingIOError:
        return None


def _drain(reader: socket.socket) -> None:
    """Throw away what a queue holds; the kernel closes descriptors that nobody asks for."""
    with suppress(BlockingIOError):
        while reader.recv(_BYTES):
            pass


def _close(fds: Iterable[int]) -> None:
    for fd in fds:
        os.close(fd)
