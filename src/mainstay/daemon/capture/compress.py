"""Rotated files are compressed by one child at a time, at the lowest priority.

A child and not a thread: a thread of low priority that holds the interpreter's lock would hold up the whole daemon.
The result appears under its name only when it is complete. Whoever reaps children may reap this one too.
"""

import contextlib
import os
import signal
import sys

from mainstay.daemon.capture import names
from mainstay.model.log_file import COMPRESSED, UNFINISHED, rotated_path
from mainstay.sys import pidfd

CHILD = os.path.join(os.path.dirname(__file__), "compress_child.py")


class Compressor:
    """A queue of logs with rotated files, and at most one child. Only the capture thread calls this."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []
        self._current: tuple[str, int] | None = None
        self._child: int | None = None
        self._status = -1
        self.watched = -1
        """Readable when the child has ended; -1 when there is none."""

    def want(self, path: str, files: list[str]) -> None:
        """Compress these rotated files of the log `path`, unless that is already going to be done."""
        for file in files:
            if (path, file) not in self._waiting:
                self._waiting.append((path, file))

    def start(self) -> bool:
        """Start the next child if none runs; False when there is nothing to do."""
        while self._waiting and self.watched < 0:
            path, file = self._waiting.pop(0)
            with contextlib.suppress(OSError):
                self._spawn(path, file)
        return self.watched >= 0

    def finish(self) -> None:
        """The child has ended: its result takes the place of the plain file, wherever that stands by now."""
        done = os.read(self._status, 1) == b"k"
        os.close(self._status)
        if self._child is not None:
            pidfd.reap(self._child)
            pidfd.close(self._child)
            self._child = None
        self.watched = -1
        if self._current is None:
            return
        path, inode = self._current
        self._current = None
        with contextlib.suppress(OSError):
            number = names.plain_number(path, inode) if done else None
            if number is None:
                os.unlink(path + UNFINISHED)
            else:
                plain = rotated_path(path, number)
                found = os.stat(plain)
                os.utime(path + UNFINISHED, ns=(found.st_atime_ns, found.st_mtime_ns))
                os.rename(path + UNFINISHED, plain + COMPRESSED)
                os.unlink(plain)

    def close(self) -> None:
        """End the child; the plain file stays, and is found again at the next start."""
        self._waiting.clear()
        if self.watched >= 0:
            if self._child is not None:
                pidfd.send(self._child, signal.SIGKILL)
            self.finish()

    def _spawn(self, path: str, file: str) -> None:
        source = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        opened = [source]
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path + UNFINISHED)
            target = os.open(path + UNFINISHED, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            opened.append(target)
            status, told = os.pipe()
            opened.append(told)
            actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate((source, target, told))]
            command = [sys.executable, "-I", "-S", CHILD]
            child = os.posix_spawn(sys.executable, command, {}, file_actions=actions, setsigmask=(), setpgroup=0)
            self._current = (path, os.fstat(source).st_ino)
            self._child = pidfd.open_pidfd(child)
            self._status = status
            self.watched = status if self._child is None or not pidfd.pollable(self._child) else self._child
        finally:
            for fd in opened:
                os.close(fd)
