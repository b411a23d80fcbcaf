"""The template: imports the app once, then forks a worker of it each time the daemon asks.

Single-threaded, blocking, no event loop: anything else would not be safe to fork. It holds no descriptor of a worker
for longer than the fork takes.
"""

import os
import random
import signal
import socket
import sys
import time
import traceback
import warnings
from types import FrameType

from mainstay.runtime import engines, fork_safety
from mainstay.runtime.assignment import Assignment
from mainstay.runtime.borrowed import MissingPackage
from mainstay.runtime.control import TemplateSide, WorkerSide
from mainstay.runtime.failure import in_one_line, print_traceback
from mainstay.runtime.foresight import import_what_comes_later
from mainstay.runtime.load import CannotLoad, Loaded, load
from mainstay.runtime.messages import (
    Cold,
    Failed,
    Find,
    Fork,
    Forked,
    ForkFailed,
    Imported,
    Load,
    NotForked,
    Report,
)
from mainstay.runtime.proxied import behind_proxies
from mainstay.runtime.sharing import prepare_to_share
from mainstay.sys.subreaper import set_name

FAILED = 1
REMEMBERED = 1000
"""Workers whose pids are kept for a daemon that takes over."""


def run(control: TemplateSide) -> Assignment | int:
    """Load, then fork until the daemon closes its side. An exit code; in a new worker, what that is to do."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a terminal is for the daemon alone
    request = control.receive()
    if not isinstance(request, Load):
        return 0
    set_name(f"{request.app}*")
    try:
        app = _import(request, control)
    except (CannotLoad, MissingPackage) as error:
        if error.__cause__ is not None:
            print_traceback(error.__cause__)
        control.send(Failed(str(error), error.hint))
        return FAILED
    except Exception as error:  # such as an engine that is installed and broken
        traceback.print_exception(error)
        control.send(Failed(in_one_line(error), ""))
        return FAILED
    return 0 if app is None else _fork_on_request(request, app, control)


def _import(request: Load, control: TemplateSide) -> Loaded | None:
    """The app when it may be forked, None when workers must start cold; the daemon is told which."""
    if not request.preload:
        control.send(Cold(request.interface, "preload is off"))
        return None
    engines.prepare(request.engine)
    before, started = fork_safety.look(), time.monotonic()
    app = behind_proxies(load(request.target, request.interface), os.environ)
    import_what_comes_later()
    seconds = time.monotonic() - started
    engines.check(request.engine, app.interface)
    fork_safety.empty_pools()
    reason = fork_safety.why_not(before)
    if reason:
        control.send(Cold(app.interface, reason))
        return None
    prepare_to_share()
    control.send(Imported(app.interface, seconds))
    return app


def _fork_on_request(load: Load, app: Loaded, control: TemplateSide) -> Assignment | int:
    forked: dict[str, int] = {}
    while True:
        match control.receive():
            case None:
                return 0
            case Fork() as request:
                reply = _fork_for(request)
                if reply is None:
                    control.close()
                    return _become_worker(load, app, request)
                if isinstance(reply, Forked):
                    forked[reply.token] = reply.pid
                    if len(forked) > REMEMBERED:
                        del forked[next(iter(forked))]
                control.send(reply)
            case Find(token):
                control.send(Forked(token, forked[token]) if token in forked else NotForked(token))
            case Report():
                control.send(Imported(app.interface, 0.0))
            case Load():
                continue


def _fork_for(request: Fork) -> Forked | ForkFailed | None:
    """Fork the worker; None in the worker itself."""
    try:
        pid = _fork_twice()
    except OSError as error:
        reply: Forked | ForkFailed = ForkFailed(request.place.token, in_one_line(error))
    else:
        if pid == 0:
            return None
        reply = Forked(request.place.token, pid)
    for fd in request.descriptors:
        os.close(fd)
    return reply


def _fork_twice() -> int:
    """Fork a child that forks the worker and ends, so that the daemon, a subreaper, becomes the worker's parent.

    0 in the worker; here its pid, when its parent is the daemon already. Raises OSError when it could not be made.
    """
    _flush()
    reader, writer = os.pipe()
    middle = _fork()
    if middle == 0:
        try:
            pid = _fork()
        except OSError as error:
            os.write(writer, f"-{error.errno}".encode())
            os._exit(FAILED)
        if pid == 0:
            os.close(reader)
            os.close(writer)
            return 0
        os.write(writer, str(pid).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        answer = int(pipe.read() or "-1")
    os.waitpid(middle, 0)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


def _fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 warns of every native thread; those that are here were judged by `fork_safety`.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _become_worker(load: Load, app: Loaded, request: Fork) -> Assignment:
    os.setsid()
    os.dup2(request.stdout, 1)
    os.dup2(request.stderr, 2)
    os.close(request.stdout)
    os.close(request.stderr)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(request.env)
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    control = WorkerSide(socket.socket(fileno=request.control))
    return Assignment(load, app, request.place, control, tuple(socket.socket(fileno=fd) for fd in request.listeners))


def _flush() -> None:
    """Write out what the import printed: a copy of it in the worker's buffer would be written twice."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)
