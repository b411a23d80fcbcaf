"""`python -m mainstay.daemon`: the daemon for MAINSTAY_HOME, in the foreground; `mainstay` starts it detached."""

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
    from mainstay.daemon.loop import Daemon
    from mainstay.sys import fds, files, subreaper

    light.settle()
    home = os.path.abspath(os.environ.get("MAINSTAY_HOME") or os.path.expanduser("~/.mainstay"))
    files.make_private_dir(home)
    files.make_private_dir(os.path.join(home, "logs"))
    lock = files.lock(os.path.join(home, "daemon.lock"))
    if lock is None:
        print(f"a daemon already runs for {home}", file=sys.stderr)
        return ALREADY_RUNNING
    os.chdir("/")
    subreaper.become_subreaper()
    fds.raise_limit(DESCRIPTORS)
    subreaper.set_name("mainstay")
    Daemon(home).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
