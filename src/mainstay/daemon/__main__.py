"""`python -m mainstay.daemon`: the daemon for MAINSTAY_HOME, in the foreground; `mainstay` starts it detached."""

import os
import sys

from mainstay.sys import files, subreaper

ALREADY_RUNNING = 4
"""Exit code when another daemon serves this home."""


def main() -> int:
    """Take the lock of this home and run until everything has ended; the exit code."""
    home = os.path.abspath(os.environ.get("MAINSTAY_HOME") or os.path.expanduser("~/.mainstay"))
    files.make_private_dir(home)
    files.make_private_dir(os.path.join(home, "logs"))
    lock = files.lock(os.path.join(home, "daemon.lock"))
    if lock is None:
        print(f"a daemon already runs for {home}", file=sys.stderr)
        return ALREADY_RUNNING
    os.chdir("/")
    subreaper.become_subreaper()
    subreaper.set_name("mainstay")
    from mainstay.daemon.loop import Daemon

    Daemon(home).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
