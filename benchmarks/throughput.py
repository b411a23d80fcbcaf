"""Item 4: requests per second with two workers, measured by wrk."""

import re
import subprocess
from dataclasses import dataclass

from benchmarks import ours
from benchmarks.contender import App, CannotServe, Contender, say, serving
from benchmarks.environment import base_environment
from benchmarks.peers import GRANIAN, GUNICORN, UVICORN
from benchmarks.results import Bar, Panel, Scope, Section, Table, Target, median, spread
from benchmarks.rounds import attempt, chosen, interleaved

MAINSTAY = ours.Mainstay()
MAINSTAY_GRANIAN = ours.Mainstay("granian")
CONTENDERS: tuple[Contender, ...] = (UVICORN, MAINSTAY, GUNICORN, GRANIAN, MAINSTAY_GRANIAN)
# Ours, and those the best of which it must reach.
COMPARED = ((MAINSTAY, (UVICORN, GUNICORN)), (MAINSTAY_GRANIAN, (GRANIAN,)))
APPS = {App.BARE: "bare ASGI", App.JSON: "FastAPI JSON"}
MODES = ("keep-alive", "close")
# Many short rounds: a neighbour's noise spoils some of them, and the median is of those that it spared.
ROUNDS = 8
SECONDS = 4
CONNECTIONS = 32
RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)", re.MULTILINE)
FAILURES = re.compile(r"^\s*(Non-2xx.*|Socket errors:.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cell:
    """What was measured: which app, which kind of connection."""

    app: App
    mode: str

    @property
    def title(self) -> str:
        """As it stands in the tables."""
        return f"{APPS[self.app]}, {self.mode}"


CELLS = tuple(Cell(app, mode) for app in APPS for mode in MODES)
# Requests per second of each contender in each cell, by round: a ratio is taken within a round.
Rates = dict[tuple[str, Cell], dict[int, float]]


def measure(contender: Contender, app: App, seconds: float) -> dict[str, float]:
    """Requests per second of one life of a server, per mode."""
    with serving(contender, app, 2) as (site, _):
        wrk(site.port, "keep-alive", 1)
        return {mode: wrk(site.port, mode, seconds) for mode in MODES}


def wrk(port: int, mode: str, seconds: float) -> float:
    """Run wrk with one thread on 32 connections; requests per second. Raises CannotServe when answers failed."""
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{round(seconds)}s", f"http://127.0.0.1:{port}/"]
    argv += ["-H", "Connection: close"] if mode == "close" else []
    done = subprocess.run(argv, env=base_environment(), capture_output=True, text=True, timeout=seconds + 30)
    found = RATE.search(done.stdout)
    if found is None or "Non-2xx" in done.stdout:
        raise CannotServe(f"wrk: {FAILURES.findall(done.stdout)} {done.stderr}")
    return float(found[1])


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    who = chosen(CONTENDERS, with_ours=with_ours, only=scope.only)
    rates: Rates = {(one.name, cell): {} for one in who for cell in CELLS}
    seconds = scope.seconds(SECONDS, 2)
    for app, title in APPS.items():
        say(f"requests per second, {title}")
        for number, one in interleaved(who, scope.rounds(ROUNDS)):
            found = attempt(one, f"round {number + 1}", lambda one=one, app=app: measure(one, app, seconds))  # type: ignore[misc]
            for mode, rate in (found or {}).items():
                rates[one.name, Cell(app, mode)][number] = rate
    return section(rates)


def section(rates: Rates) -> Section:
    """The samples as a table, a target per cell and a plot."""
    names = list(dict.fromkeys(name for name, _ in rates))
    rows = [(name, *(spread(list(rates[name, cell].values())) for cell in CELLS)) for name in names]
    table = Table("Requests per second", ("server", *(cell.title for cell in CELLS)), tuple(rows))
    targets = tuple(_target(mine.name, [peer.name for peer in peers], rates) for mine, peers in COMPARED)
    method = (
        f"Two workers, wrk with one thread and {CONNECTIONS} connections, access logs off, short interleaved rounds, in"
        " each of which every server is started afresh; median (lowest to highest). Generator and servers share the"
        " machine's cores. Ratios are taken within each round, against the best of the peers named in that round; the"
        " median of them counts."
    )
    samples: dict[str, object] = {
        f"{name}: {cell.title}": list(found.values()) for (name, cell), found in rates.items()
    }
    panels = tuple(_panel(cell, names, rates) for cell in CELLS)
    return Section(
        "throughput", "4. Requests per second", method, (table, _ratios(rates)), sum(targets, ()), panels, samples
    )


def _panel(cell: Cell, names: list[str], rates: Rates) -> Panel:
    bars = [
        Bar(name, median(rates[name, cell].values()), name.startswith("mainstay"))
        for name in names
        if rates[name, cell]
    ]
    return Panel(cell.title, "requests per second, median", tuple(bars))


def _ratios_of(mine: str, peers: list[str], cell: Cell, rates: Rates) -> list[float]:
    """Ours beside the best peer of the same round, for each round that has both."""
    found = []
    for number, rate in rates.get((mine, cell), {}).items():
        theirs = [rates[peer, cell][number] for peer in peers if number in rates.get((peer, cell), {})]
        if theirs:
            found.append(rate / max(theirs))
    return found


def _text(value: float) -> str:
    return "n/a" if value != value else f"{value:.2f}"


def _spread(ratios: list[float]) -> str:
    return spread(ratios, digits=2) if ratios else "n/a"


def _ratios(rates: Rates) -> Table:
    rows = []
    for mine, peers in COMPARED:
        names = [peer.name for peer in peers]
        beside = f"{mine.name} / {'best of ' if len(names) > 1 else ''}{', '.join(names)}"
        rows.append((beside, *(_spread(_ratios_of(mine.name, names, cell, rates)) for cell in CELLS)))
    return Table("Ratios (more is better)", ("", *(cell.title for cell in CELLS)), tuple(rows))


def _target(mine: str, peers: list[str], rates: Rates) -> tuple[Target, ...]:
    def one(cell: Cell) -> Target:
        value = median(_ratios_of(mine, peers, cell, rates))
        promise = f"{cell.title}: {mine} at least 1.0 of {' and '.join(peers)}"
        return Target(promise, _text(value), None if value != value else value >= 1.0)

    return tuple(one(cell) for cell in CELLS)
