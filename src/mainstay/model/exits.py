"""How a process ended, never flattened: an exit code or a signal by name."""

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exited:
    """It called exit, with this code."""

    code: int

    def __str__(self) -> str:
        return f"exit code {self.code}"


@dataclass(frozen=True, slots=True)
class Signaled:
    """A signal ended it."""

    signal: int
    dumped: bool = False

    def __str__(self) -> str:
        return f"killed by {signal_name(self.signal)}" + (", core dumped" if self.dumped else "")


@dataclass(frozen=True, slots=True)
class Unstarted:
    """It never ran: the program is missing, the folder cannot be entered, the import failed."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Vanished:
    """It is gone and its status went to somebody else (it was adopted, and ended while nobody looked)."""

    def __str__(self) -> str:
        return "ended while no one was looking"


Ending = Exited | Signaled | Unstarted | Vanished


def shell_code(ending: Ending) -> int | None:
    """What a shell has in `$?` after such an end: 128 and more for a signal; None where there was no exit to tell."""
    match ending:
        case Exited(code=code):
            return code
        case Signaled(signal=number):
            return 128 + number
        case _:
            return None


def signal_name(number: int) -> str:
    """`SIGKILL` for 9; `signal 33` where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def signal_number(name: str) -> int | None:
    """9 for `SIGKILL`, `KILL`, `kill` or `9`; None when there is no such signal."""
    if name.isascii() and name.isdecimal():
        return int(name) if 0 < int(name) < signal.NSIG else None
    full = name.upper() if name.upper().startswith("SIG") else "SIG" + name.upper()
    return int(signal.Signals[full]) if full in signal.Signals.__members__ else None
