"""Runs a command as a child, as cross-env does: signals that come are sent to it, and its end is waited for."""

from __future__ import annotations

import os
import signal

from mainstay.cli.chainload.execute import NotRun, execute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def ran(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Its exit code, or minus the signal that ended it. Raises NotRun."""
    reads, writes = os.pipe()  # closed by the program's start: what comes out of it says why there was none
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until both know what to do with them
    pid = os.fork()
    if pid == 0:
        _be(words, environ, writes)
    os.close(writes)

    def pass_on(number: int, _frame: object) -> None:
        os.kill(pid, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    with os.fdopen(reads, "rb") as pipe:
        failure = pipe.read()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    for number in PASSED_ON:  # from now on the pid may be anybody's
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(pid, 0)
    if failure:
        message, _, hint = os.fsdecode(failure).partition("\0")
        raise NotRun(message, hint=hint)
    return os.waitstatus_to_exitcode(status)


def _be(words: Sequence[str], environ: Mapping[str, str], failure: int) -> NoReturn:
    """In the child: be the program, with all signals as they are by default and nothing closed, as Node does it."""
    try:
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for standard in range(3):
            os.set_inheritable(standard, True)
        execute(words, environ)
    except NotRun as error:
        os.write(failure, os.fsencode(f"{error.message}\0{error.hint}"))
    finally:
        os._exit(1)
