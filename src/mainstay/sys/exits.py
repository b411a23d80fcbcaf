"""How a process ended, as types: a code and a signal are never flattened into one number."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """The process called exit: `code` is 0 to 255."""

    code: int


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal ended the process: its number, and whether a core was dumped."""

    signal: int
    dumped: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """The process is gone and nobody can tell how: it was not our child, and the kernel has kept nothing."""


ExitStatus = Code | Signal | Unknown


def from_waitid(code: int, status: int) -> ExitStatus:
    """From `si_code` and `si_status` of waitid(2)."""
    if code == os.CLD_EXITED:
        return Code(status)
    return Signal(status, dumped=code == os.CLD_DUMPED)


def from_wait_status(status: int) -> ExitStatus:
    """From the word that wait(2) fills in."""
    if os.WIFSIGNALED(status):
        return Signal(os.WTERMSIG(status), dumped=os.WCOREDUMP(status))
    return Code(os.WEXITSTATUS(status))
