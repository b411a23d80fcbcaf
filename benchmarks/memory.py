"""Item 8: memory of everything that runs, after load and a full garbage collection in every worker."""

import json

from benchmarks import ours
from benchmarks.contender import App, CannotServe, Contender, get, say, serving
from benchmarks.load import Plan
from benchmarks.loading import loading
from benchmarks.peers import GRANIAN, GUNICORN, GUNICORN_PRELOAD, UVICORN
from benchmarks.processes import pss
from benchmarks.results import Bar, Panel, Scope, Section, Table, Target, median, ratio, spread
from benchmarks.rounds import attempt, chosen, interleaved

OURS = ours.Mainstay()
CONTENDERS: tuple[Contender, ...] = (
    UVICORN,
    OURS,
    GUNICORN,
    GUNICORN_PRELOAD,
    GRANIAN,
    ours.Mainstay("granian"),
)
# The peer and the multiple of its memory that ours must stay under.
LIMITS = ((UVICORN, 0.6), (GUNICORN, 0.6), (GUNICORN_PRELOAD, 1.0))
WORKERS = 4
ROUNDS = 3
MEBIBYTE = 1024 * 1024


def measure(contender: Contender, seconds: float) -> float:
    """PSS of manager, template and four workers together, in MiB."""
    with serving(contender, App.DATABASE, WORKERS) as (site, running):
        with loading(Plan(site.port, fresh=32, keep_alive=0, seconds=seconds, think=0.001)) as load:
            load.finish()
        collected: set[int] = set()
        for _ in range(2000):
            answer = get(site.port, "/collect")
            if answer is not None:
                collected.add(json.loads(answer)["pid"])
            if len(collected) == WORKERS:
                return pss(running.pids()) / MEBIBYTE
        raise CannotServe(f"only {len(collected)} of {WORKERS} workers answered in 2,000 connections")


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("memory of everything")
    who = chosen(CONTENDERS, with_ours=with_ours, only=scope.only)
    samples: dict[str, list[float]] = {one.name: [] for one in who}
    for _, one in interleaved(who, scope.rounds(ROUNDS)):
        found = attempt(one, "MiB", lambda one=one: measure(one, scope.seconds(8, 3)))  # type: ignore[misc]
        if found is not None:
            samples[one.name].append(found)
    return section(samples)


def section(samples: dict[str, list[float]]) -> Section:
    """The samples as a table with ratios, the targets and a plot."""
    mine = median(samples.get(OURS.name, []))
    rows = [
        (name, spread(found, 1), ratio(mine, median(found)) if found and mine == mine else "n/a")
        for name, found in samples.items()
    ]
    table = Table("PSS of everything, MiB", ("server", "MiB", "mainstay / this"), tuple(rows))
    method = (
        f"FastAPI + SQLAlchemy with {WORKERS} workers, after a load of 32 connections and gc.collect() in every worker;"
        " the proportional set size of the manager, the template and the workers together (/proc/PID/smaps_rollup)."
    )
    targets = tuple(_target(peer.name, limit, mine, samples.get(peer.name, [])) for peer, limit in LIMITS)
    bars = tuple(Bar(name, median(found), name.startswith("mainstay")) for name, found in samples.items() if found)
    panel = Panel(f"FastAPI + SQLAlchemy, {WORKERS} workers", "MiB (PSS), median", bars)
    return Section("memory", "8. Memory", method, (table,), targets, (panel,), {"mebibytes": dict(samples)})


def _target(peer: str, limit: float, mine: float, theirs: list[float]) -> Target:
    promise = f"under {limit:g} of {peer}" if limit < 1 else f"not above {peer}"
    if mine != mine or not theirs:
        return Target(promise, "not measured", None)
    return Target(promise, ratio(mine, median(theirs)), mine <= limit * median(theirs))
