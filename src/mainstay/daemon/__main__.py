"""`python -m mainstay.daemon`: the daemon for MAINSTAY_HOME, in the foreground; `mainstay` starts it detached.

With `--version` it says which one it would be, having imported all that it needs.
"""

import os
import sys

from mainstay.daemon import light

ALREADY_RUNNING = 0
"""Exit code when another daemon serves this home: what was wanted is there."""
DESCRIPTORS = 65536
"""Enough for thousands of workers, each with its pipes, logs and listeners."""


def main() -> int:
    """Take the lock of this home and run until everything has ended; the exit code."""
    light.postpone()
    from mainstay.daemon import guardian
    from mainstay.daemon.loop import Daemon
    from mainstay.sys import fds, files, spawn, subreaper
    from mainstay.sys.fdstore import FdStore

    light.settle()
    if sys.argv[1:] == ["--version"]:
        from mainstay import __version__

        print(__version__)
        return 0
    if os.environ.pop(subreaper.MARK, "") != subreaper.DONE and subreaper.become_subreaper():
        # What that needs (ctypes, 300 kB) would stay with us: it is kept by exec, and the memory is not.
        os.execve(sys.executable, sys.orig_argv, os.environ | {subreaper.MARK: subreaper.DONE})
    home = os.path.abspath(os.environ.get("MAINSTAY_HOME") or os.path.expanduser("~/.mainstay"))
    os.environ["MAINSTAY_HOME"] = home
    files.make_private_dir(home)
    files.make_private_dir(os.path.join(home, "logs"))
    kept = guardian.inherited()
    lock = inherited_lock() or files.lock(os.path.join(home, "daemon.lock"))
    if lock is None:
        print(f"a daemon already runs for {home}", file=sys.stderr)
        return ALREADY_RUNNING
    if not kept and guardian.waits(home):
        print(f"the guardian of {home} starts a daemon, which has what the last one left", file=sys.stderr)
        return ALREADY_RUNNING
    before = int(os.environ.pop(guardian.GUARDIAN, "0"))
    os.chdir("/")
    fds.raise_limit(DESCRIPTORS)
    spawn.seal()
    subreaper.set_name("mainstay")
    Daemon(home, FdStore(kept[:4]), lock, before, kept[4] if kept[4:] else -1).run()
    return 0


def inherited_lock() -> int | None:
    """The lock of this home, when we are what an upgrade has put in the place of the daemon that holds it."""
    from mainstay.daemon import guardian

    number = os.environ.pop(guardian.LOCK, "")
    if not number:
        return None
    os.set_inheritable(int(number), False)
    return int(number)


if __name__ == "__main__":
    sys.exit(main())
