"""Whether a process that has imported an app may be forked: what would break in the copies, and why, in words.

A fork copies one thread only: locks that others hold stay locked forever. And it shares open files: two processes that
use one database connection, one event loop's epoll or one read-write file get each other's answers and corrupt data.
Linux only for the descriptors and native threads (/proc); elsewhere the Python threads alone are looked at.
"""

import gc
import os
import socket
import stat
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

_FD = "/proc/self/fd"
# Their BLAS keeps a pool of native threads, and handles a fork by itself (pthread_atfork).
_POOLS_THAT_SURVIVE = ("numpy", "scipy", "torch")


@dataclass(frozen=True, slots=True)
class Before:
    """What was there before the app was imported, so that only what the app left is judged."""

    descriptors: frozenset[tuple[int, int, int]]
    """By number, device and inode: an import may close one and open another with the same number."""
    threads: int


def look() -> Before:
    """Note what is open and running now."""
    return Before(frozenset(_descriptors()), _native_threads())


def empty_pools() -> None:
    """Give up the database connections that wait unused in pools: each worker opens its own, as their manuals ask for.

    SQLAlchemy: "Using Connection Pools with Multiprocessing". Django: `connections.close_all()`. A pool that holds an
    in-memory database is left alone: nobody else can reach it, and closing would lose what is in it.
    """
    pools = getattr(sys.modules.get("sqlalchemy.pool"), "QueuePool", None)
    engines = getattr(sys.modules.get("sqlalchemy.engine"), "Engine", None)
    if pools is not None and engines is not None:
        # type() and not isinstance(): it would wake lazy objects, which may do anything.
        for engine in [o for o in gc.get_objects() if issubclass(type(o), engines)]:
            if isinstance(engine.pool, pools):
                with suppress(Exception):
                    engine.dispose()
    connections = getattr(sys.modules.get("django.db"), "connections", None)
    if connections is not None:
        with suppress(Exception):  # settings that are not configured: then there are no connections either
            connections.close_all()


def why_not(before: Before) -> str:
    """Why a fork would not be safe now, in one line; "" when it is."""
    left = sorted(set(_descriptors()) - before.descriptors)
    reasons = [_threads(before), *(_descriptor(fd) for fd, _, _ in left)]
    return "; ".join(reason for reason in reasons if reason)


def _threads(before: Before) -> str:
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:
        count = "1 thread is" if len(others) == 1 else f"{len(others)} threads are"
        return f"{count} alive after the import ({', '.join(others[:5])})"
    extra = _native_threads() - before.threads
    if extra > 0 and not any(name in sys.modules for name in _POOLS_THAT_SURVIVE):
        return f"{extra} native thread{' is' if extra == 1 else 's are'} alive after the import"
    return ""


def _native_threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _descriptors() -> list[tuple[int, int, int]]:
    try:
        numbers = [int(name) for name in os.listdir(_FD)]
    except OSError:
        return []
    found = []
    for fd in numbers:
        with suppress(OSError):  # the one that listed the folder
            status = os.fstat(fd)
            found.append((fd, status.st_dev, status.st_ino))
    return found


def _descriptor(fd: int) -> str:
    try:
        name, mode = os.readlink(f"{_FD}/{fd}"), os.fstat(fd).st_mode
    except OSError:
        return ""
    if stat.S_ISSOCK(mode):
        peer = _peer(fd)
        return f"the import left a connected socket open ({peer})" if peer else ""
    if name.startswith("anon_inode:") and "eventpoll" in name:
        return "the import left an event loop open (epoll)"
    if stat.S_ISREG(mode) and _is_shared_for_writing(fd) and not name.startswith("/dev/shm/"):
        return f"the import left {name} open for reading and writing"
    return ""


def _peer(fd: int) -> str:
    with socket.socket(fileno=os.dup(fd)) as sock:
        try:
            address = sock.getpeername()
        except OSError:
            return ""
        return f"to {address[0]}:{address[1]}" if isinstance(address, tuple) else f"to {address or 'a local peer'}"


def _is_shared_for_writing(fd: int) -> bool:
    """Opened read-write and not append-only: such as a database file. A log (append) and a template (read) are fine."""
    with open(f"/proc/self/fdinfo/{fd}") as info:
        flags = next((int(line.split()[1], 8) for line in info if line.startswith("flags:")), 0)
    return flags & os.O_ACCMODE == os.O_RDWR and not flags & os.O_APPEND
