"""Where lines go: gathered for a moment and written by a thread of its own, so that no request waits for a slow pipe.

A line that comes after a quiet moment is written at once, those that come right behind it gather for GATHER: this much
a kill -9 loses, and everything else that ends a process writes it first. A write holds whole lines and goes to the end
of the file (into a pipe, it is no longer than what the kernel writes in one piece), so workers may share a target. What
does not fit into memory while the target takes nothing is dropped, counted, and told when it goes on.
"""

import logging
import os
import queue
import select
import stat
import sys
import threading
import time
import weakref
from collections import deque

GATHER = 0.02
"""Seconds for which lines gather, after a write."""
LIMIT = 8 * 1024 * 1024
"""Characters that are kept, at most, while the target takes nothing; as many again are on their way."""
AT_EXIT = 2.0
"""Seconds that a target which takes nothing may hold up the end of the process."""
RELOOK = 1.0
"""Seconds between looks whether the path still leads to the file that is open."""
TELL = 10.0
"""Seconds between messages about lines that were dropped."""
_PIECE = 256 * 1024
"""Bytes of one write into a file."""
_PIPE_PIECE = getattr(select, "PIPE_BUF", 512)
"""Bytes that go into a pipe in one piece, whoever else writes into it (POSIX)."""

Target = str | os.PathLike[str] | int
"""A path, or a descriptor; 1 is stdout."""
_log = logging.getLogger("mainstay.web.accesslog")


class Writer:
    """`target` is opened at the first line, in the process that writes it: a fork before is harmless."""

    def __init__(self, target: Target = 1) -> None:
        self._path = None if isinstance(target, int) else os.path.abspath(os.fspath(target))
        self._fd = target if isinstance(target, int) else -1
        self._looked = 0.0
        self._stale = False
        self.dropped = 0
        """Lines that were thrown away, ever."""
        self._told = 0
        self._told_at = 0.0
        self._failing = False
        self._start_anew()
        living.add(self)

    def _start_anew(self) -> None:
        """As it is in a new process: nothing gathered, no thread, no lock that somebody holds."""
        self._lines: deque[str] = deque()
        self._size = 0
        self._awake = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        # What follows belongs to whoever holds this lock. A signal may interrupt its holder and come back to it.
        self._writing = threading.RLock()
        self._busy = False
        self._taken: deque[str] = deque()
        self._rest = b""
        self._torn = False
        self._piece = 0
        self._stuck = False

    def write(self, line: str) -> None:
        """Have a line written, soon. Never waits, never raises."""
        length = len(line) + 1
        if self._size > LIMIT and self._lines:
            self.dropped += 1
            return
        self._size += length  # by several threads: may come out wrong, until the next `_take`
        self._lines.append(line)
        if not self._awake:
            self._rouse()

    def flush(self, timeout: float = AT_EXIT) -> bool:
        """Write what has been gathered, now; False when the target did not take it within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        self._stuck = True
        if not self._writing.acquire(timeout=timeout):
            return False
        try:
            # Busy: this is a signal's handler, and what it interrupted is in the middle of a write.
            self._stuck = self._busy or not self._empty(deadline)
            return not self._stuck
        finally:
            self._writing.release()
            while waiting and not self._busy:
                os.kill(os.getpid(), waiting.pop())

    def reopen(self) -> None:
        """Have the next batch go into the file that is at the path then. May be called by a signal's handler."""
        self._stale = True

    @property
    def is_busy_here(self) -> bool:
        """Whether the caller is a signal's handler that interrupted a write of its own thread."""
        if not self._writing.acquire(blocking=False):
            return False
        try:
            return self._busy
        finally:
            self._writing.release()

    def write_at_once(self) -> None:
        """Once `ending` is set, have each line written by whoever has it: threads will not run any more."""
        self._awake = False

    def give_up(self) -> None:
        """Count, and tell, what was not taken: the process ends now."""
        self.dropped += self._rest.count(b"\n") + len(self._taken) + len(self._lines)
        self._tell(now=True)

    def after_fork(self) -> None:
        """In a child: what was gathered is the parent's to write, and there is no thread here."""
        self._start_anew()
        self._told = self.dropped

    def _rouse(self) -> None:
        if ending.is_set():
            self.flush(0 if self._stuck else AT_EXIT)
            return
        self._awake = True
        if self._thread is None and not self._begin():
            self._awake = False
            self.flush(0)  # what is not taken stays for the next line
            return
        self._wake.put(None)

    def _begin(self) -> bool:
        """Start the thread; False when there can be none."""
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="access-log", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False
                self._thread = thread
                _flush_when_a_child_ends()
        return True

    def _run(self) -> None:
        while True:
            self._wake.get()
            self._awake = False
            with self._writing:
                self._empty(None)
            time.sleep(GATHER)

    def _empty(self, deadline: float | None) -> bool:
        """Write everything; False when the target did not take it until then."""
        self._busy = True
        try:
            while self._has_more():
                try:
                    self._open()
                    self._rest = self._rest or self._next_piece()
                    if not self._put(deadline):
                        return False
                except OSError as error:
                    self._lost(error)
                else:
                    self._failing = False
        finally:
            self._busy = False
        self._tell(now=deadline is not None)
        return True

    def _has_more(self) -> bool:
        if not self._rest and not self._taken:
            self._size = 0
            for _ in range(len(self._lines)):
                self._taken.append(self._lines.popleft())
        return bool(self._rest or self._taken)

    def _next_piece(self) -> bytes:
        """As many whole lines as fit into one write; a longer one by itself."""
        lines, size = [b""] if self._torn else [], 0
        self._torn = False
        while self._taken:
            line = self._taken[0].encode("utf-8", "backslashreplace")
            size += len(line) + 1
            if size > self._piece and lines:
                break
            self._taken.popleft()
            lines.append(line)
        return b"\n".join(lines) + b"\n"

    def _put(self, deadline: float | None) -> bool:
        while self._rest:
            if deadline is not None and not self._takes_some(deadline):
                return False
            try:
                written = os.write(self._fd, self._rest)
            except BlockingIOError:  # a pipe whose other end, which shares this flag, made it so
                if not self._takes_some(deadline):
                    return False
                continue
            self._torn = self._rest[written - 1 : written] != b"\n"
            self._rest = self._rest[written:]
        return True

    def _takes_some(self, deadline: float | None) -> bool:
        """Wait until the target takes something."""
        if sys.platform == "win32":  # no poll, and no pipes that do not block
            return True
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        return bool(poll.poll(None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000))

    def _open(self) -> None:
        if self._path is not None:
            self._look(self._path)
        if not self._piece:
            kind = os.fstat(self._fd).st_mode
            self._piece = _PIECE if stat.S_ISREG(kind) else _PIPE_PIECE

    def _look(self, path: str) -> None:
        now = time.monotonic()
        if self._fd >= 0 and (self._stale or now - self._looked >= RELOOK):
            self._looked = now
            if _was_moved(path, self._fd):
                self._close()
        self._stale = False
        if self._fd < 0:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
            self._fd = os.open(path, flags, 0o600)
            self._looked = now

    def _close(self) -> None:
        if self._path is not None and self._fd >= 0:
            fd, self._fd = self._fd, -1
            self._torn, self._piece = False, 0
            os.close(fd)

    def _lost(self, error: OSError) -> None:
        """The target refused: what was to be written now is thrown away, and all that has come meanwhile."""
        self.dropped += self._rest.count(b"\n") + len(self._taken)
        self._rest = b""
        self._taken.clear()
        if not self._failing:
            self._failing = True
            _log.error("cannot write the access log%s: %s", self._name, error.strerror or error)

    def _tell(self, *, now: bool) -> None:
        news = self.dropped - self._told
        if not news or (self._failing and not now):
            return
        if now or not self._told_at or time.monotonic() - self._told_at >= TELL:
            self._told, self._told_at = self.dropped, time.monotonic()
            lines = "1 line" if news == 1 else f"{news} lines"
            _log.warning("%s of the access log%s went missing: its target did not take them", lines, self._name)

    @property
    def _name(self) -> str:
        return f" {self._path}" if self._path else ""


living: weakref.WeakSet[Writer] = weakref.WeakSet()
"""The writers of this process."""
ending = threading.Event()
"""Set when the interpreter is about to end."""
waiting: list[int] = []
"""Signals to be sent to this process again as soon as the write that they interrupted is over."""


def flush_all(timeout: float = AT_EXIT) -> None:
    """Write what every writer of this process has gathered."""
    deadline = time.monotonic() + timeout
    for writer in list(living):
        writer.flush(max(0.0, deadline - time.monotonic()))


def _was_moved(path: str, fd: int) -> bool:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:  # such as a folder that this user may not search: the open file still takes lines
        return False
    opened = os.fstat(fd)
    return (found.st_ino, found.st_dev) != (opened.st_ino, opened.st_dev)


def _flush_when_a_child_ends() -> None:
    """A child of multiprocessing ends with `os._exit`: it has its own list of what is to be done before."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, flush_all, exitpriority=-1)
