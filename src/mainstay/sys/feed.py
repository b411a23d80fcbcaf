"""What a program finds on its standard input, all of it there before the program is started."""

import os


def filled(data: bytes) -> int:
    """A descriptor, close-on-exec, from which `data` is read, then the end. Never waits. Raises OSError."""
    if not hasattr(os, "memfd_create"):
        return _filled_pipe(data)
    fd = os.memfd_create("mainstay-input", os.MFD_CLOEXEC)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
        os.lseek(fd, 0, os.SEEK_SET)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _filled_pipe(data: bytes) -> int:
    """Where there is no memfd_create(2): a pipe, which holds 16 KiB at least; what is beyond that is cut off."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        os.write(writer, data)
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    return reader
