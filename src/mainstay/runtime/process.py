"""From the entry to the work: reads what the daemon put into the environment, then runs the template or a worker.

A forked worker comes back up to here before it starts, so that no `finally` of the template runs in it and its own end
is that of an ordinary Python program: atexit functions, flushed output.
"""

import os
import socket
import sys

from mainstay.runtime import template, worker
from mainstay.runtime.borrowed import lend_from_daemon
from mainstay.runtime.control import TemplateSide, WorkerSide

USAGE = "usage: boot.py template|worker TARGET, with MAINSTAY_CONTROL_FD in the environment"


def run(arguments: list[str]) -> int:
    """Run as `arguments` (`template TARGET` or `worker TARGET`) say; the exit code (2 when they are wrong)."""
    descriptor = os.environ.pop("MAINSTAY_CONTROL_FD", None)
    if len(arguments) != 2 or descriptor is None:
        print(USAGE, file=sys.stderr)
        return 2
    role, target = arguments
    sys.argv = [target]  # what an app that parses its arguments while it is imported gets to see
    lend_from_daemon(os.environ.pop("MAINSTAY_SITE", ""), os.environ.pop("MAINSTAY_PYTHON_TAG", ""))
    write_lines_at_once()
    control = socket.socket(fileno=int(descriptor))
    control.set_inheritable(False)
    match role:
        case "template":
            outcome = template.run(TemplateSide(control))
            return outcome if isinstance(outcome, int) else worker.run(outcome)
        case "worker":
            return worker.run_cold(WorkerSide(control))
        case _:
            print(USAGE, file=sys.stderr)
            return 2


def write_lines_at_once() -> None:
    """Flush stdout after each line: into a pipe Python would hold lines back until it has 8 KiB of them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(line_buffering=True)
