"""Where lines go: gathered for a moment and written by a thread of its own, so that no request waits for a slow pipe.

A batch is one write, at the end of the file, so workers may share one. A kill -9 loses what was gathered, which is what
came within GATHER; everything else that ends a process writes it first. What does not fit into memory while the target
takes nothing is dropped, counted, and told when it goes on.
"""

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
import time
import weakref
from collections import deque
from types import FrameType

GATHER = 0.02
"""Seconds for which lines gather."""
LIMIT = 8 * 1024 * 1024
"""Characters that are kept, at most, while the target takes nothing."""
AT_EXIT = 2.0
"""Seconds that a target which takes nothing may hold up the end of the process."""
RELOOK = 1.0
"""Seconds between looks whether the path still leads to the file that is open."""

Target = str | os.PathLike[str] | int
"""A path, or a descriptor; 1 is stdout."""
_log = logging.getLogger("mainstay.web.accesslog")


class Writer:
    """`target` is opened at the first line, in the process that writes it: a fork before is harmless."""

    def __init__(self, target: Target = 1) -> None:
        self._path = None if isinstance(target, int) else os.fspath(target)
        self._fd = target if isinstance(target, int) else -1
        self._lines: deque[str] = deque()
        self._size = 0
        self.dropped = 0
        """Lines that were thrown away, ever."""
        self._told = 0
        self._looked = 0.0
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        _living.add(self)
        _watch_signals(hangup=self._path is not None)

    def write(self, line: str) -> None:
        """Have a line written, soon. Never waits, never raises."""
        if self._size > LIMIT:
            self.dropped += 1
            return
        self._size += len(line) + 1
        self._lines.append(line)
        if not self._wake.is_set():
            self._wake.set()
            if self._thread is None:
                self._begin()

    def flush(self, timeout: float = AT_EXIT) -> bool:
        """Write what has been gathered, now; False when the target did not take it within `timeout` seconds."""
        if not self._writing.acquire(timeout=timeout):
            return False
        try:
            self._empty()
        finally:
            self._writing.release()
        return not self._lines

    def reopen(self) -> None:
        """Close the file: the next batch goes into the one that is at the path then."""
        with self._writing:
            self._close()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending: nobody would write this later
            self._thread = None
            self.flush()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(GATHER)
            self._wake.clear()
            with self._writing:
                self._empty()

    def _empty(self) -> None:
        while self._lines:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            data = ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")
            try:
                self._open()
                view = memoryview(data)
                while view:
                    view = view[os.write(self._fd, view) :]
            except OSError as error:
                self._lost(len(lines), error)
            self._size -= sum(map(len, lines)) + len(lines)
        self._tell()

    def _open(self) -> None:
        if self._path is None:
            return
        now = time.monotonic()
        if self._fd >= 0 and now - self._looked >= RELOOK:
            self._looked = now
            if self._was_moved():
                self._close()
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._looked = now

    def _was_moved(self) -> bool:
        assert self._path is not None
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return True
        opened = os.fstat(self._fd)
        return (found.st_ino, found.st_dev) != (opened.st_ino, opened.st_dev)

    def _close(self) -> None:
        if self._path is not None and self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _lost(self, lines: int, error: OSError) -> None:
        first = self.dropped == self._told
        self.dropped += lines
        if first:
            _log.error("cannot write the access log%s: %s", f" {self._path}" if self._path else "", error.strerror)
            self._told = self.dropped

    def _tell(self) -> None:
        if self.dropped > self._told:
            _log.warning("%d lines of the access log were dropped: its target took nothing", self.dropped - self._told)
            self._told = self.dropped

    def after_fork(self) -> None:
        """In a child: what was gathered is the parent's to write, and there is no thread here."""
        self._lines.clear()
        self._size = 0
        self._wake, self._writing, self._thread = threading.Event(), threading.Lock(), None


_living: weakref.WeakSet[Writer] = weakref.WeakSet()
_watched: set[int] = set()


def flush_all() -> None:
    """Write what every writer of this process has gathered."""
    for writer in list(_living):
        writer.flush()


def _after_fork() -> None:
    for writer in list(_living):
        writer.after_fork()


def _watch_signals(*, hangup: bool) -> None:
    """Where nobody has said what a signal does: SIGTERM writes what is gathered first, SIGHUP opens files anew."""
    wanted = [signal.SIGTERM, *([signal.SIGHUP, signal.SIGUSR1] if hangup and sys.platform != "win32" else [])]
    if threading.current_thread() is not threading.main_thread():
        return
    for number in wanted:
        if number not in _watched and signal.getsignal(number) is signal.SIG_DFL:
            with contextlib.suppress(ValueError):  # a sub-interpreter
                signal.signal(number, _end if number == signal.SIGTERM else _reopen)
                _watched.add(number)


def _end(number: int, _frame: FrameType | None) -> None:
    flush_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _reopen(_number: int, _frame: FrameType | None) -> None:
    for writer in list(_living):
        threading.Thread(target=writer.reopen, daemon=True).start()


atexit.register(flush_all)
os.register_at_fork(after_in_child=_after_fork)
