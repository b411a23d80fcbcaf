"""What ends a process, or forks it, and what its access logs do then: nothing that was gathered is lost, or told twice.

A handler is put in place only for a signal for which nobody else has one, and it keeps to what a handler may do: no
lock is waited for without a limit, and none that the interrupted code may hold.
"""

import atexit
import contextlib
import os
import signal
import sys
import threading
from types import FrameType

from mainstay.web.accesslog.writer import ending, flush_all, living, waiting

_watched: set[int] = set()
_had_terminal = False


def watch_signals(*, hangup: bool) -> None:
    """Where nobody has said what a signal does: SIGTERM writes what is gathered first; with `hangup`, SIGHUP and
    SIGUSR1 open files anew, as log rotation asks for.
    """
    global _had_terminal
    if threading.current_thread() is not threading.main_thread():
        return
    wanted = [signal.SIGTERM]
    if hangup and sys.platform != "win32":
        wanted += [signal.SIGHUP, signal.SIGUSR1]
        _had_terminal = _has_terminal()
    for number in wanted:
        if number not in _watched and signal.getsignal(number) is signal.SIG_DFL:
            with contextlib.suppress(ValueError):  # a sub-interpreter
                signal.signal(number, _end if number == signal.SIGTERM else _reopen)
                _watched.add(number)


def _end(number: int, _frame: FrameType | None) -> None:
    if any(writer.is_busy_here for writer in list(living)):
        waiting.append(number)  # that write can go on only when this handler has returned
        return
    flush_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _reopen(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGHUP and _had_terminal and not _has_terminal():
        _end(number, frame)  # the terminal it was started in has gone
        return
    for writer in list(living):
        writer.reopen()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _at_exit() -> None:
    """Functions that were registered before this one run after it, and may log too."""
    ending.set()
    for writer in list(living):
        writer.write_at_once()
    flush_all()
    for writer in list(living):
        writer.give_up()


def _after_fork() -> None:
    for writer in list(living):
        writer.after_fork()


atexit.register(_at_exit)
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork)
