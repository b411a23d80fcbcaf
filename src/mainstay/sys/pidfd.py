"""Processes held by descriptor (pidfd_open(2)): signals and exits that cannot hit a stranger with a reused pid.

Look first, then reap: between the two the pid cannot be reused. Where the kernel has no pidfds (macOS, Linux before
5.4) a negative number, minus the pid, stands in for the descriptor: it cannot be polled, so ask `look` now and then.
"""

import functools
import os
import signal
import sys

from mainstay.sys import foreign_exit, polled
from mainstay.sys.exits import ExitStatus, from_waitid

ExitLook = ExitStatus


@functools.cache
def supported() -> bool:
    """Whether there are real, pollable pidfds here."""
    if sys.platform != "linux":
        return False
    try:
        pidfd = os.pidfd_open(os.getpid())
    except OSError:
        return False
    try:
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        return True  # understood: we are not our own child
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


def open_pidfd(pid: int) -> int | None:
    """A descriptor (close-on-exec; readable when the process has ended) for a process; None when it is gone.

    A zombie is still there. Raises OSError when out of descriptors. Close it with `close`.
    """
    if sys.platform != "linux" or not supported():
        return -pid if polled.exists(pid) else None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def pollable(pidfd: int) -> bool:
    """Whether epoll can watch it; otherwise `look` must be called from time to time."""
    return pidfd >= 0


def close(pidfd: int) -> None:
    """Let go of what `open_pidfd` returned."""
    if pidfd >= 0:
        os.close(pidfd)


def send(pidfd: int, signum: int) -> bool:
    """Send a signal; False when the process is gone. A zombie takes the signal and nothing happens.

    Raises PermissionError when the process belongs to someone else.
    """
    if sys.platform != "linux" or pidfd < 0:
        return polled.send(-pidfd, signum)
    try:
        signal.pidfd_send_signal(pidfd, signum)
    except ProcessLookupError:
        return False
    return True


def look(pidfd: int) -> ExitLook | None:
    """How the process ended, without reaping it; None while it runs.

    For a process that is not our child (adopted after a crash of ours) the kernel is asked in other ways, and the
    answer may be `Unknown`.
    """
    if sys.platform != "linux" or pidfd < 0:
        return polled.look(-pidfd)
    try:
        seen = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return foreign_exit.look(pidfd)
    return None if seen is None else from_waitid(seen.si_code, seen.si_status)


def reap(pidfd: int) -> ExitLook | None:
    """Take a child's exit status out of the kernel, which frees its pid. None: it still runs, or is not our child."""
    if sys.platform != "linux" or pidfd < 0:
        return polled.reap(-pidfd)
    return _take(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)


def look_any() -> tuple[int, ExitLook] | None:
    """The pid and status of some child that has ended, without reaping it; None when there is none.

    Until it is reaped the same one may be returned again: reap with `reap_pid`, then ask again.
    """
    if sys.platform != "linux" or not supported():
        return polled.look_any()
    try:
        seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return None if seen is None else (seen.si_pid, from_waitid(seen.si_code, seen.si_status))


def reap_pid(pid: int) -> ExitLook | None:
    """As `reap`, by pid. Only for a pid that `look_any` has just returned."""
    if sys.platform != "linux" or not supported():
        return polled.reap(pid)
    return _take(os.P_PID, pid, os.WEXITED | os.WNOHANG)


def _take(kind: int, number: int, options: int) -> ExitLook | None:
    if sys.platform != "linux":
        return None
    try:
        taken = os.waitid(kind, number, options)
    except ChildProcessError:
        return None
    return None if taken is None else from_waitid(taken.si_code, taken.si_status)
