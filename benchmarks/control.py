"""Item 6: what the tool itself costs: `list`, the daemon's memory and idle CPU, 50 apps started, restarted, stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.contender import CannotServe, say
from benchmarks.fleet import Fleet, MainstayFleet, Pm2Fleet
from benchmarks.processes import TooSlow, cpu_seconds, memory, until
from benchmarks.results import Bar, Panel, Scope, Section, Table, Target, median, ratio, spread
from benchmarks.rounds import interleaved

MEBIBYTE = 1024 * 1024
LISTED = 10
MANY = 50
ROUNDS = 3
LISTS = 7
SETTLE = 60.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured: its unit, how its values are shown, and the multiple of PM2's that ours must stay under."""

    title: str
    unit: str
    digits: int
    limit: float


LIST = Figure("`list` with 10 apps", "ms", 0, 0.5)
START = Figure("50 apps started from one file", "ms", 0, 0.5)
RESTART = Figure("50 apps restarted", "ms", 0, 0.5)
STOP = Figure("50 apps stopped", "ms", 0, 0.5)
IDLE = Figure("CPU, idle, 50 apps", "s a minute", 3, 1.0)
RSS = {apps: Figure(f"daemon RSS, {apps} apps", "MiB", 1, 0.5) for apps in (0, LISTED, MANY)}
ANONYMOUS = {apps: Figure(f"daemon anonymous memory, {apps} apps", "MiB", 1, 0.5) for apps in (0, LISTED, MANY)}
FIGURES = (LIST, START, RESTART, STOP, IDLE, *RSS.values(), *ANONYMOUS.values())
# One sample list per tool and figure.
Samples = dict[tuple[str, Figure], list[float]]


def milliseconds(outcome_seconds: float) -> float:
    """Seconds as milliseconds."""
    return outcome_seconds * 1000


def _measure_memory(fleet: Fleet, apps: int, found: dict[Figure, list[float]]) -> None:
    pids = fleet.daemon_pids()
    found.setdefault(RSS[apps], []).append(memory(pids, "VmRSS") / MEBIBYTE)
    found.setdefault(ANONYMOUS[apps], []).append(memory(pids, "RssAnon") / MEBIBYTE)


def _measure_empty(make: Callable[[], Fleet], found: dict[Figure, list[float]]) -> None:
    """A daemon without apps: one app is started and deleted, so that the daemon is there."""
    with make() as fleet:
        fleet.write_file(1)
        fleet.start()
        fleet.command("delete", "all")
        _until(lambda: not fleet.sleepers(), "no app is left")
        _measure_memory(fleet, 0, found)


def _measure_list(make: Callable[[], Fleet], found: dict[Figure, list[float]]) -> None:
    with make() as fleet:
        fleet.write_file(LISTED)
        fleet.start()
        _until(lambda: len(fleet.sleepers()) == LISTED, f"{LISTED} apps run")
        fleet.list_apps()
        found[LIST] = [milliseconds(fleet.list_apps().seconds) for _ in range(LISTS)]
        _measure_memory(fleet, LISTED, found)


def _measure_many(make: Callable[[], Fleet], idle_seconds: float, found: dict[Figure, list[float]]) -> None:
    with make() as fleet:
        fleet.write_file(1)
        fleet.start()
        fleet.command("delete", "all")
        fleet.write_file(MANY)
        found[START] = [milliseconds(fleet.start().seconds)]
        _until(lambda: len(fleet.sleepers()) == MANY, f"{MANY} apps run")
        before = set(fleet.sleepers())
        found[RESTART] = [milliseconds(fleet.restart().seconds)]
        _until(lambda: len(set(fleet.sleepers()) - before) == MANY, f"{MANY} apps run anew")
        _measure_memory(fleet, MANY, found)
        pids = fleet.daemon_pids()
        used = cpu_seconds(pids)
        time.sleep(idle_seconds)
        found[IDLE] = [(cpu_seconds(pids) - used) * 60 / idle_seconds]
        found[STOP] = [milliseconds(fleet.stop().seconds)]
        _until(lambda: not fleet.sleepers(), "no app runs")


def _until(condition: Callable[[], bool], what: str) -> None:
    try:
        until(condition, SETTLE, what)
    except TooSlow as error:
        raise CannotServe(str(error)) from None


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("what the tool itself costs")
    fleets: list[type[Fleet]] = [Pm2Fleet, MainstayFleet] if with_ours else [Pm2Fleet]
    samples: Samples = {(fleet.name, figure): [] for fleet in fleets for figure in FIGURES}
    idle_seconds = scope.seconds(60, 10)
    for _, fleet in interleaved(fleets, scope.rounds(ROUNDS)):
        found: dict[Figure, list[float]] = {}
        try:
            _measure_empty(fleet, found)
            _measure_list(fleet, found)
            _measure_many(fleet, idle_seconds, found)
        except CannotServe as error:
            say(f"  {fleet.name}: FAILED: {error}")
        for figure, values in found.items():
            samples[fleet.name, figure] += values
        say(f"  {fleet.name}: " + ", ".join(f"{each.title} {spread(found[each], each.digits)}" for each in found))
    return section(samples, idle_seconds)


def section(samples: Samples, idle_seconds: float) -> Section:
    """The samples as one table with ratios and targets, and a plot of the ratios."""
    names = list(dict.fromkeys(name for name, _ in samples))
    rows, targets, bars = [], [], []
    for figure in FIGURES:
        mine = median(samples.get(("mainstay", figure), []))
        theirs = median(samples.get(("PM2", figure), []))
        measured = mine == mine and theirs == theirs
        beside = ratio(mine, theirs) if measured else "n/a"
        cells = [spread(samples[name, figure], figure.digits) for name in names]
        rows.append((figure.title, figure.unit, *cells, beside, f"{figure.limit:g}"))
        kept = mine <= figure.limit * theirs if measured else None
        targets.append(Target(f"{figure.title}: under {figure.limit:g} of PM2", beside, kept))
        if measured and theirs:
            bars.append(Bar(figure.title.replace("`", ""), mine / theirs, True))
    table = Table("The tool itself", ("what", "unit", *names, "mainstay / PM2", "target, under"), tuple(rows))
    method = (
        "Apps are `sleep 100000`. Times are of the whole command, from its start to its exit, with the daemon running."
        " Memory is of everything that stays: PM2's daemon; mainstay's daemon and guardian together. Idle CPU is"
        f" counted over {idle_seconds:g} s."
    )
    raw: dict[str, object] = {f"{name}: {figure.title}": values for (name, figure), values in samples.items()}
    panel = Panel(
        "mainstay beside PM2", "multiple of PM2 (less is better; the line is the target, 0.5)", tuple(bars), 0.5
    )
    panels = (panel,) if bars else ()
    return Section("control", "6. The tool itself", method, (table,), tuple(targets), panels, raw)
