"""A worker's life around its engine: its name, its signals until the engine takes them, and how its end is told."""

import os
import signal
import socket
import sys
import traceback
from dataclasses import replace
from types import FrameType

from mainstay.runtime import engines
from mainstay.runtime.assignment import Assignment
from mainstay.runtime.borrowed import MissingPackage
from mainstay.runtime.control import WorkerSide
from mainstay.runtime.failure import in_one_line, print_traceback
from mainstay.runtime.load import CannotLoad, load
from mainstay.runtime.messages import Serve
from mainstay.runtime.proxied import behind_proxies
from mainstay.sys.subreaper import set_name

CRASHED = 1


def run_cold(control: WorkerSide) -> int:
    """Run a worker that was not forked: be told what to do, import the app, serve; the exit code."""
    request = control.receive_serve()
    if request is None:
        return 0
    set_name(request.place.name)
    try:
        assignment = _assign(request, control)
    except (CannotLoad, MissingPackage) as error:
        if error.__cause__ is not None:
            print_traceback(error.__cause__)
        else:
            print(f"{error}\n{error.hint}".strip(), file=sys.stderr)
        control.error(str(error))
        return CRASHED
    except Exception as error:  # such as an engine that is installed and broken
        return _crash(error, control)
    return run(assignment)


def run(assignment: Assignment) -> int:
    """Serve until drained; the exit code. What nobody caught is printed, told the daemon, and ends with 1."""
    set_name(assignment.place.name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # nothing is served yet; the engine puts its own in place
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    try:
        if "MAINSTAY_ACCESS_LINES" in os.environ:  # hardly ever, and never where memory counts
            from mainstay.runtime.access_lines import with_lines

            assignment = replace(assignment, app=with_lines(assignment.app, os.environ))
        return engines.serve(assignment)
    except SystemExit:
        raise  # the app wants to end with a code of its own
    except BaseException as error:
        return _crash(error, assignment.control)


def _assign(request: Serve, control: WorkerSide) -> Assignment:
    engines.prepare(request.load.engine)
    app = behind_proxies(load(request.load.target, request.load.interface), os.environ)
    engines.check(request.load.engine, app.interface)
    listeners = tuple(socket.socket(fileno=fd) for fd in request.listeners)
    return Assignment(request.load, app, request.place, control, listeners)


def _crash(error: BaseException, control: WorkerSide) -> int:
    traceback.print_exception(error)
    control.error(in_one_line(error))
    return CRASHED


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)
