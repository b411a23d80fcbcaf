"""Pipes for the output of workers: a writer is not broken by the death of its reader (pipe(7), fifo(7))."""

import errno
import fcntl
import os
import stat
import struct
import sys

# From asm-generic/ioctls.h and sys/filio.h: `termios` has 250 more constants, 60 KB for this one.
_FIONREAD = 0x541B if sys.platform == "linux" else 0x4004667F
_AT_ONCE = getattr(os, "SPLICE_F_MOVE", 1) | getattr(os, "SPLICE_F_NONBLOCK", 2)


def output_pipe() -> tuple[int, int]:
    """A read end, non-blocking, and a write end, blocking; both close-on-exec.

    The write end is open for reading too: whoever holds it counts as a reader, so its writes never raise EPIPE, and
    wait while nobody reads. Such a pipe has no end of file: when the worker is gone, read until there is nothing more.
    Where /proc is missing it is a plain pipe.
    """
    read_fd, plain = os.pipe()
    try:
        write_fd = os.open(f"/proc/self/fd/{plain}", os.O_RDWR | os.O_CLOEXEC) if sys.platform == "linux" else plain
    except FileNotFoundError:
        write_fd = plain
    except BaseException:
        os.close(read_fd)
        os.close(plain)
        raise
    if write_fd != plain:
        os.close(plain)
    os.set_blocking(read_fd, False)
    return read_fd, write_fd


def reopen(pid: int, fd: int) -> int | None:
    """A new read end, non-blocking, of the pipe that another process has as its descriptor `fd`; None if it has none.

    So a new daemon goes on reading where the last one died. Raises OSError when it may not be opened.
    """
    try:
        found = os.open(f"/proc/{pid}/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ESRCH):  # a socket; gone
            return None
        raise
    if stat.S_ISFIFO(os.fstat(found).st_mode):
        return found
    os.close(found)
    return None


def set_size(fd: int, size: int) -> int:
    """Ask for a buffer of `size` bytes and return what there is now: less where the kernel or the user's limit says so.

    0 where sizes cannot be set.
    """
    if sys.platform != "linux":
        return 0
    try:
        return fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, size)
    except OSError:
        return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)


def splice_now(pipe: int, target: int, size: int, offset: int | None = None) -> int | None:
    """Move up to `size` bytes out of a pipe without waiting (splice(2)), to `offset` of a file if one is given.

    How many bytes; 0: there is nothing now; None: the pipe has ended. Raises OSError.
    """
    try:
        return os.splice(pipe, target, size, offset_dst=offset, flags=_AT_ONCE) or None
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EINTR):
            return 0
        raise


def pending(fd: int) -> int:
    """How many bytes wait to be read."""
    return int(struct.unpack("i", fcntl.ioctl(fd, _FIONREAD, bytes(4)))[0])
