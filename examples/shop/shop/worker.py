"""Who answers: the worker this process is."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worker:
    """A process, and its place in the app when mainstay runs it."""

    pid: int
    app: str | None
    instance: str | None

    def __str__(self) -> str:
        return f"pid {self.pid}" if self.app is None else f"{self.app}-{self.instance} (pid {self.pid})"


def this_worker() -> Worker:
    """Read at each request, never kept: at import this may still be the process that workers are forked from."""
    return Worker(os.getpid(), os.environ.get("MAINSTAY_APP"), os.environ.get("MAINSTAY_INSTANCE"))
