"""prctl(2): who inherits orphans, what a process is called, and what happens to it when its parent dies."""

import os
import sys

MARK = "MAINSTAY_SUBREAPER"
"""The variable by which a program knows that it is one already, from before it was exec'ed."""
DONE = "yes"

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_NAME_BYTES = 15


def supported() -> bool:
    """Whether prctl is here (Linux). Without it orphans go to init, and names and parent deaths are not set."""
    return sys.platform == "linux"


def become_subreaper() -> bool:
    """From now on orphaned descendants become our children instead of init's. False where that cannot be.

    Kept by exec, and not by fork (prctl(2)).
    """
    return supported() and _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def reap() -> dict[int, int]:
    """Take away every child of ours that has ended, adopted ones too: pid to wait status (os.waitstatus_to_exitcode).

    For processes that inherit orphans and wait for no child in another way.
    """
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def set_name(name: str) -> bool:
    """What `ps -o comm` and `top` show for this process: at most 15 bytes, the rest is cut off.

    By /proc/self/comm (proc_pid_comm(5)): prctl would need ctypes, 300 kB in each process of ours.
    """
    cut = name.encode()[:_NAME_BYTES].decode(errors="ignore").encode()
    try:
        fd = os.open("/proc/self/comm", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.write(fd, cut) == len(cut)
    except OSError:
        return False
    finally:
        os.close(fd)


def die_with_parent(signum: int) -> bool:
    """Get `signum` when the thread that forked us ends, also when it ends during this call; False where not possible.

    A parent that had died before this call cannot be noticed here: compare os.getppid() with the pid you expect.
    Cleared by a later fork for the child, kept by exec (except of set-user-ID programs).
    """
    if not supported():
        return False
    parent = os.getppid()
    done = _prctl(_PR_SET_PDEATHSIG, signum)
    if done and os.getppid() != parent:
        os.kill(os.getpid(), signum)
    return done


def _prctl(option: int, value: int) -> bool:
    import ctypes  # here, as most processes of ours never need it (300 kB)

    libc = ctypes.CDLL(None, use_errno=True)
    word = ctypes.c_ulong
    return int(libc.prctl(option, word(value), word(0), word(0), word(0))) == 0
