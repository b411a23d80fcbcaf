"""Item 3: how long until a new worker serves after the only one was killed with -9."""

import time
from dataclasses import asdict, dataclass

from benchmarks import ours
from benchmarks.contender import App, CannotServe, Contender, Running, say, serving, whoami, whoever
from benchmarks.peers import GRANIAN, GUNICORN, GUNICORN_PRELOAD, PM2_CONTENDER, UVICORN, kill
from benchmarks.results import Bar, Panel, Scope, Section, Table, Target, median, ratio, spread
from benchmarks.rounds import attempt, chosen, interleaved

OURS = ours.Mainstay()
CONTENDERS: tuple[Contender, ...] = (
    OURS,
    GUNICORN,
    PM2_CONTENDER,
    ours.Mainstay("granian"),
    GUNICORN_PRELOAD,
    GRANIAN,
    UVICORN,
)
# Those the promise is about: cold starts of the same app.
COMPARED = (GUNICORN, PM2_CONTENDER)
LIMIT = 0.1
ROUNDS = 7
PATIENCE = 30.0
ATTEMPT = 2.0
REST = 5.0


def workers_of(contender: Contender) -> int:
    """One worker, so that nobody else answers meanwhile; uvicorn has no supervisor with fewer than two."""
    return 2 if contender is UVICORN else 1


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds from a kill to the first answer of a new process: of the first death, and of one soon after."""

    first: float
    again: float


def measure(contender: Contender) -> Sample:
    """Kill twice in one life of the server."""
    with serving(contender, App.DATABASE, workers_of(contender)) as (site, running):
        first = _recover(site.port, running, workers_of(contender))
        return Sample(first, _recover(site.port, running, workers_of(contender)))


def _recover(port: int, running: Running, workers: int) -> float:
    victims = whoever(port, workers, PATIENCE)
    # Two deaths within granian's respawn interval of 3.5 s end the whole server.
    time.sleep(REST)
    for pid in victims:
        kill(pid, running)
    start = time.monotonic()
    while time.monotonic() < start + PATIENCE:
        # A connection may be stuck in the queue of a dead worker: ask again, as a client would.
        now = whoami(port, ATTEMPT)
        if now is not None and now.pid not in victims:
            return time.monotonic() - start
        time.sleep(0.002)
    raise CannotServe(f"nothing answered within {PATIENCE:g} s of the kill")


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("a worker is killed with -9")
    who = chosen(CONTENDERS, with_ours=with_ours, only=scope.only)
    samples: dict[str, list[Sample]] = {one.name: [] for one in who}
    for _, one in interleaved(who, scope.rounds(ROUNDS)):
        found = attempt(one, "seconds until served", lambda one=one: measure(one))  # type: ignore[misc]
        if found is not None:
            samples[one.name].append(found)
    return section(samples)


def section(samples: dict[str, list[Sample]]) -> Section:
    """The samples as a table with ratios, the targets and a plot."""
    method = (
        "FastAPI + SQLAlchemy with one worker; the worker is killed with -9 and a client asks until a new process"
        " answers. The targets are about the first death in a server's life; the second comes 5 s after the first has"
        " healed, when a supervisor that backs off may wait. uvicorn supervises only two workers or more: there both"
        " are killed at once."
    )
    first = {name: [run.first for run in runs] for name, runs in samples.items()}
    mine = median(first.get(OURS.name, []))
    rows = []
    for name, runs in samples.items():
        beside = ratio(mine, median(first[name])) if runs and mine == mine else "n/a"
        again = spread([run.again * 1000 for run in runs])
        rows.append((name, str(len(runs)), spread([run.first * 1000 for run in runs]), beside, again))
    columns = ("server", "runs", "first death, ms", "mainstay / this", "second death, ms")
    table = Table("Time until a new worker serves", columns, tuple(rows))
    bars = tuple(Bar(name, median(times) * 1000, name.startswith("mainstay")) for name, times in first.items() if times)
    targets = tuple(_target(peer.name, mine, first.get(peer.name, [])) for peer in COMPARED)
    raw: dict[str, object] = {name: [asdict(run) for run in runs] for name, runs in samples.items()}
    panel = Panel("A worker killed with -9", "milliseconds until a new one serves, median", bars)
    return Section("crash_recovery", "3. Recovery from kill -9", method, (table,), targets, (panel,), raw)


def _target(peer: str, mine: float, times: list[float]) -> Target:
    promise = f"under {LIMIT:g} of the time {peer} needs"
    if mine != mine or not times:
        return Target(promise, "not measured", None)
    return Target(promise, ratio(mine, median(times)), mine < LIMIT * median(times))
