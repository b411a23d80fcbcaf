"""sd_notify(3) for programs: one datagram socket for all of them; who speaks is told by the kernel (SCM_CREDENTIALS).

In the abstract namespace, so that a program that runs as another user reaches it, and named after the home: the next
daemon has the same name, and programs that were told it go on speaking. Whoever is not a worker of ours, or started by
one, is not heard.
"""

import array
import os
import socket
import struct
from collections.abc import Callable

from mainstay.daemon.reactor import Reactor
from mainstay.sys import procfs

MESSAGE_BYTES = 8192
LONGEST = 100
"""Bytes of an abstract name (unix(7) has 107)."""
UCRED = struct.Struct("iII")
FD = array.array("i").itemsize
MOST_DESCRIPTORS = 8
DEPTH = 16
"""How far up from a sender its worker is looked for."""

Heard = Callable[[int, str], bool]
"""Take a message of the worker with this pid; False when there is no such worker."""


def name_of(folder: str) -> str:
    """What NOTIFY_SOCKET says; the same for each daemon of this folder."""
    name = f"@mainstay/notify{os.path.realpath(folder)}"
    if len(name.encode()) <= LONGEST:
        return name
    found = os.stat(folder)
    return f"@mainstay/notify/{found.st_dev}-{found.st_ino}"


class Notify:
    """The socket. Raises OSError when somebody else has its name."""

    def __init__(self, reactor: Reactor, folder: str, heard: Heard) -> None:
        self._heard = heard
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._sock.bind("\0" + name_of(folder)[1:])
        reactor.read(self._sock.fileno(), self._read)

    def _read(self) -> None:
        room = socket.CMSG_SPACE(UCRED.size) + socket.CMSG_SPACE(MOST_DESCRIPTORS * FD)
        data, ancillary, _, _ = self._sock.recvmsg(MESSAGE_BYTES, room)
        pid = 0
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid = UCRED.unpack(content[: UCRED.size])[0]
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                for fd in array.array("i", content[: len(content) - len(content) % FD]):
                    os.close(fd)  # BARRIER=1: the sender waits for this; FDSTORE=1 is not offered
        self._tell(pid, data.decode(errors="replace"))

    def _tell(self, pid: int, text: str) -> None:
        for _ in range(DEPTH):
            if pid <= 1 or pid == os.getpid() or self._heard(pid, text):
                return
            stat = procfs.stat(pid)
            pid = stat.ppid if stat else 0
