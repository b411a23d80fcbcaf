"""Load from a process of its own, and an exact account of what was lost."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any

from tests.end_to_end.site import ROOT
from tests.waiting import until

_EACH = 16
_MOMENT = 1.0
"""Seconds; so that what a command leaves behind it is under load as well."""

# Any: the generator's account is JSON.
Account = dict[str, Any]


class Load:
    """32 connections, half of them new for each request, half kept alive; from `with` to its end.

    For `seconds` at most: it has a moment more when what it is there for is done before.
    """

    def __init__(self, port: int, seconds: float) -> None:
        self.account: Account = {}
        self._argv = ["--port", str(port), "--fresh", str(_EACH), "--keep-alive", str(_EACH)]
        self._argv += ["--seconds", str(seconds)]

    def __enter__(self) -> "Load":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load", *self._argv],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        until(lambda: self._connections() >= _EACH, what="the load")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_MOMENT)
        self._process.terminate()
        out, _ = self._process.communicate(timeout=120)
        if kind is None:
            self.account = json.loads(out)

    def _connections(self) -> int:
        """How many it has; those that are kept alive stay."""
        folder = f"/proc/{self._process.pid}/fd"
        kinds = []
        for fd in os.listdir(folder):
            with suppress(FileNotFoundError):
                kinds.append(os.readlink(f"{folder}/{fd}"))
        return sum(kind.startswith("socket:") for kind in kinds)

    @property
    def is_going(self) -> bool:
        """Whether requests are still being sent."""
        return self._process.poll() is None

    @property
    def lost(self) -> dict[str, int]:
        """Requests that got no full answer, by reason."""
        return {f"{kind} {why}": n for kind, tally in self.account.items() for why, n in tally["lost"].items()}

    @property
    def answered(self) -> int:
        """Requests that got one."""
        return sum(tally["answered"] for tally in self.account.values())
