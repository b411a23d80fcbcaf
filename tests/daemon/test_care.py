import os
import subprocess
import sys

import mainstay

PROGRAM = """
import sys, time
from dataclasses import replace
from mainstay.core.events import Apply
from mainstay.core.fleet import Fleet, step
from mainstay.daemon.care import Care
from mainstay.daemon.reactor import Reactor
from mainstay.model.spec import AppSpec, Command, Health, Limits, TcpCheck
spec = AppSpec("job", Command(("sleep", "9")), "/", {fields})
fleet, _ = step(Fleet(), Apply(1, (spec,)), time.monotonic())
class Deaf:
    hear_programs = pid = limit = lambda *_: None
care = Care(Reactor(), Deaf(), None)
care.follow(fleet)
print(*[n for n in ("health", "limits", "watchdog") if "mainstay.daemon." + n in sys.modules])
"""


def loaded(fields: str) -> list[str]:
    """The watchers that are loaded for an app declared so."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(fields=fields)],
        env={"PYTHONPATH": os.path.dirname(os.path.dirname(mainstay.__file__))},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_an_app_that_asks_for_nothing_has_nothing_loaded() -> None:
    assert loaded("") == []


def test_each_watcher_is_loaded_for_an_app_that_asks_for_it() -> None:
    assert loaded("health=Health(TcpCheck())") == ["health"]
    assert loaded("limits=Limits(memory=1)") == ["limits"]
    assert loaded("limits=Limits(watchdog=1.0)") == ["watchdog"]
    assert loaded("limits=Limits(lifetime=1.0)") == []
