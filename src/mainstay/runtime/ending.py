"""The end of a worker: when what must be over, and that it ends whatever still runs."""

import os
import sys
import threading
from dataclasses import dataclass

QUIET = 3.0  # seconds without a byte after which an idle connection may be closed while draining
STARTUP_FAILED = 3  # exit code, the same as uvicorn's


@dataclass(frozen=True, slots=True)
class Timetable:
    """When what must be over, in seconds after the drain began.

    `cut`: requests, streams and websockets. `leave`: everything, a little before SIGKILL comes at `stop_timeout`.
    """

    cut: float
    leave: float


def timetable(stop_timeout: float) -> Timetable:
    """Keep the last 0.5 s, or 5 % when that is more, for the end; of a very short time keep half."""
    margin = min(max(0.5, stop_timeout * 0.05), stop_timeout / 2)
    return Timetable(cut=stop_timeout - margin, leave=stop_timeout - margin / 5)


def leave_within(seconds: float, code: int) -> None:
    """End the process after `seconds` with `code` whatever threads still run, if it has not ended by itself."""

    def leave() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        os._exit(code)

    timer = threading.Timer(max(0.0, seconds), leave)
    timer.daemon = True
    timer.start()
