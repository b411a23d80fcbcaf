"""Who listens on a port or a socket file: for messages such as "port 8000 is in use by nginx (pid 12)".

From /proc/net (proc_pid_net(5)) to a socket's inode, from there to the process that has it open. Slow, a walk over all
descriptors of all processes: for error messages only.
"""

import os
import socket
import sys
from dataclasses import dataclass

from mainstay.sys.procfs import pids, read, stat

_LISTEN = b"0A"
_ACCEPTS = 0x10000  # __SO_ACCEPTCON
_ANY = (bytes(4), bytes(16))


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that listens. `pid` is None and `name` empty where only its user may be known, being not ours."""

    pid: int | None
    name: str
    user: str


def listening_on(host: str, port: int) -> Owner | None:
    """Who keeps us from listening on that address and TCP port; None when nobody does, or without /proc.

    A listener on all addresses is in the way of each of them, and the other way round.
    """
    wanted = _addresses(host)
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in read(table).splitlines()[1:]:
            field = line.split()
            local, _, number = field[1].partition(b":")
            if field[3] != _LISTEN or int(number, 16) != port:
                continue
            address = _unpack(local)
            if address in wanted or address in _ANY or any(one in _ANY for one in wanted):
                return _owner(field[9].decode(), int(field[7]))
    return None


def unix_owner(path: str) -> Owner | None:
    """Who listens on a Unix socket; None when nobody does, or without /proc."""
    wanted = os.fsencode(path)
    for line in read("/proc/net/unix").splitlines()[1:]:
        field = line.split(None, 7)
        if len(field) == 8 and field[7] == wanted and int(field[3], 16) & _ACCEPTS:
            return _owner(field[6].decode(), None)
    return None


def _owner(inode: str, uid: int | None) -> Owner | None:
    wanted = f"socket:[{inode}]"
    for pid in pids():
        if not _holds(pid, wanted):
            continue
        found = stat(pid)
        if found is not None:
            return Owner(pid, found.name, _user(_uid(pid) if uid is None else uid))
    return None if uid is None else Owner(None, "", _user(uid))


def _holds(pid: int, wanted: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(folder)
    except OSError:
        return False
    for number in numbers:
        try:
            if os.readlink(f"{folder}/{number}") == wanted:
                return True
        except OSError:
            continue
    return False


def _uid(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        return os.geteuid()  # it has just ended; that it was ours is the best guess


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _unpack(digits: bytes) -> bytes:
    """An address as the kernel prints it, in 32-bit words of the machine's byte order; IPv4 in IPv6 becomes IPv4."""
    raw = bytes.fromhex(digits.decode())
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    return raw[12:] if raw.startswith(bytes(10) + b"\xff\xff") else raw


def _addresses(host: str) -> set[bytes]:
    try:
        found = socket.getaddrinfo("0.0.0.0" if host in ("", "*") else host.strip("[]"), None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {socket.inet_pton(family, str(address[0]).partition("%")[0]) for family, _, _, _, address in found}
