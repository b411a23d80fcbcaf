"""The plainer way where there are no pidfds: kill(2) and waitpid(2) by number, statuses remembered until reaped.

waitpid cannot look without reaping, so a status is taken at the first look and kept here; the pid may be reused from
then on, which is what pidfds are for.
"""

import os

from mainstay.sys.exits import ExitStatus, Unknown, from_wait_status

_ended: dict[int, ExitStatus] = {}


def exists(pid: int) -> bool:
    """Whether there is a process with this pid, a zombie included."""
    if pid in _ended:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def send(pid: int, signum: int) -> bool:
    """Send a signal; False when the process is known to be gone."""
    if pid in _ended:
        return False
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def look(pid: int) -> ExitStatus | None:
    """How it ended; None while it runs. `Unknown` for a process that is gone and was not our child."""
    if pid in _ended:
        return _ended[pid]
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None if exists(pid) else Unknown()
    if done == 0:
        return None
    _ended[pid] = from_wait_status(status)
    return _ended[pid]


def look_any() -> tuple[int, ExitStatus] | None:
    """Some child that has ended and has not been reaped."""
    for pid, status in _ended.items():
        return pid, status
    try:
        done, word = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    if done == 0:
        return None
    _ended[done] = from_wait_status(word)
    return done, _ended[done]


def reap(pid: int) -> ExitStatus | None:
    """Forget a child that has ended and say how; None when it runs or is not ours."""
    look(pid)
    return _ended.pop(pid, None)
