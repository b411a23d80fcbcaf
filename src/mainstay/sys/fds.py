"""Descriptors: handed from process to process over Unix sockets (unix(7), SCM_RIGHTS), and closed."""

import errno
import os
import socket
import struct
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a Unix socket, as the kernel noted it when the connection was made."""

    pid: int
    uid: int
    gid: int


def socketpair_seqpacket() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets that keep messages apart and tell the end. macOS has no such: datagrams there."""
    kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
    return socket.socketpair(socket.AF_UNIX, kind)


def send_with_fds(sock: socket.socket, data: bytes, fds: Sequence[int]) -> int:
    """Send `data`, at least one byte, with duplicates of `fds` (at most 253); ours stay open.

    Returns how many bytes went: all of a SEQPACKET, maybe fewer of a STREAM, the descriptors then with the first of
    them. Raises OSError: BlockingIOError, EMSGSIZE, BrokenPipeError ...
    """
    if not data:
        raise ValueError("cannot send descriptors without data")
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))] if fds else []
    return sock.sendmsg([data], ancillary, getattr(socket, "MSG_NOSIGNAL", 0))


def recv_with_fds(sock: socket.socket, size: int, max_fds: int, flags: int = 0) -> tuple[bytes, list[int]]:
    """One message of at most `size` bytes with its descriptors, all close-on-exec; b"" at the end.

    Raises OSError, EMSGSIZE when the message or its descriptors were more than asked for: those that came are closed.
    """
    space = socket.CMSG_SPACE(max_fds * 4) if max_fds else 0
    data, ancillary, flags, _ = sock.recvmsg(size, space, flags | getattr(socket, "MSG_CMSG_CLOEXEC", 0))
    fds: list[int] = []
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds += struct.unpack_from(f"{len(content) // 4}i", content)
    # Padding lets the kernel pass one descriptor more than asked for (cmsg(3)).
    if flags & (socket.MSG_CTRUNC | socket.MSG_TRUNC) or len(fds) > max_fds:
        for fd in fds:
            os.close(fd)
        raise OSError(errno.EMSGSIZE, "a message was longer, or had more descriptors, than expected")
    for fd in fds:
        os.set_inheritable(fd, False)  # a second time on Linux; elsewhere the only one
    return data, fds


def peer(sock: socket.socket) -> Peer:
    """Who is at the other end (SO_PEERCRED; LOCAL_PEERCRED of macOS' unix(4)). Raises OSError."""
    if sys.platform == "linux":
        return Peer(*struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)))
    (pid,) = struct.unpack("i", sock.getsockopt(0, 2, 4))
    _, uid, _, gid = struct.unpack_from("=IIhxxI", sock.getsockopt(0, 1, 76))
    return Peer(pid, uid, gid)


def open_fds() -> list[int]:
    """The numbers of all our open descriptors, in order."""
    return [fd for fd in listed_fds() if _is_open(fd)]


def listed_fds() -> list[int]:
    """As `open_fds`, without looking at each: some of them may be closed, as is the one for the list itself."""
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    try:
        return sorted([int(name) for name in os.listdir(folder)])
    except OSError:  # no /proc: each possible number
        return list(range(min(os.sysconf("SC_OPEN_MAX"), 65536)))


def close_from(low: int, keep: Collection[int] = ()) -> None:
    """Close every descriptor from `low` on, except those to keep."""
    for fd in open_fds():
        if fd >= low and fd not in keep:
            os.close(fd)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def raise_limit(wanted: int) -> int:
    """Allow us and our children `wanted` open descriptors, or as many as the hard limit lets; the new limit.

    The usual soft limit of 1024 is there for select(2) (getrlimit(2)), which nothing of ours uses.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
