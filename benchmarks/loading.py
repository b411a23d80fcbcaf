"""Load from a process of its own, so that the generator and whoever is measured do not share an interpreter."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.environment import ROOT
from benchmarks.load import Plan, Tally


@dataclass(frozen=True, slots=True)
class Load:
    """What became of all requests of one load."""

    fresh: Tally
    kept: Tally

    @property
    def lost(self) -> int:
        """Requests that got no full answer."""
        return self.fresh.lost_total + self.kept.lost_total

    @property
    def answered(self) -> int:
        """Requests that did."""
        return self.fresh.answered + self.kept.answered

    @property
    def reasons(self) -> Counter[str]:
        """Why requests were lost, over both kinds."""
        return self.fresh.lost + self.kept.lost

    @property
    def slowest(self) -> float:
        """The longest wait for an answer, in seconds: the stall a user sees."""
        return max(self.fresh.slowest, self.kept.slowest)


class Loading:
    """A load under way."""

    def __init__(self, plan: Plan) -> None:
        arguments = ["--port", plan.port, "--fresh", plan.fresh, "--keep-alive", plan.keep_alive]
        arguments += ["--seconds", plan.seconds, "--think", plan.think, "--path", plan.path, "--seed", plan.seed]
        arguments += ["--timeout", plan.timeout]
        argv = [sys.executable, "-m", "benchmarks.load", *map(str, arguments)]
        self.plan = plan
        self._process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self._load: Load | None = None

    def finish(self) -> Load:
        """Wait for the end of the load; what it found."""
        if self._load is None:
            output, _ = self._process.communicate(timeout=self.plan.seconds + self.plan.timeout + 30)
            found = json.loads(output)
            self._load = Load(_tally(found["fresh"]), _tally(found["kept"]))
        return self._load

    def stop(self) -> None:
        """Begin no more requests."""
        self._process.terminate()

    def abandon(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _tally(found: dict[str, Any]) -> Tally:
    # Any: the other end is our own load.py, and the values have the shapes of Tally's fields.
    return Tally(
        answered=found["answered"],
        lost=Counter(found["lost"]),
        reconnects=found["reconnects"],
        latencies=found["latencies"],
    )


@contextmanager
def loading(plan: Plan) -> Iterator[Loading]:
    """Load while the block runs; whatever happens, the process does not outlive it."""
    load = Loading(plan)
    try:
        yield load
    finally:
        load.abandon()
