"""Item 3: how long until a new worker serves after the only one was killed with -9."""

import time

from benchmarks import ours
from benchmarks.contender import App, CannotServe, Contender, Running, say, serving, whoami
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
ROUNDS = 3
KILLS = 3
PATIENCE = 30.0
ATTEMPT = 2.0
REST = 5.0


def workers_of(contender: Contender) -> int:
    """One worker, so that nobody else answers meanwhile; uvicorn has no supervisor with fewer than two."""
    return 2 if contender is UVICORN else 1


def measure(contender: Contender) -> list[float]:
    """Seconds from the kill to the first answer of a new process, several times in one life of the server."""
    with serving(contender, App.DATABASE, workers_of(contender)) as (site, running):
        return [_recover(site.port, running, workers_of(contender)) for _ in range(KILLS)]


def _recover(port: int, running: Running, workers: int) -> float:
    victims: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    while len(victims) < workers:
        who = whoami(port)
        if who is not None:
            victims.add(who.pid)
        if time.monotonic() > deadline:
            raise CannotServe("not all workers answer")
    # A second death within granian's respawn interval of 3.5 s ends the whole server; this is about one death.
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
    samples: dict[str, list[float]] = {one.name: [] for one in who}
    for _, one in interleaved(who, scope.rounds(ROUNDS)):
        samples[one.name] += attempt(one, "seconds until served", lambda one=one: measure(one)) or []  # type: ignore[misc]
    return section(samples)


def section(samples: dict[str, list[float]]) -> Section:
    """The samples as a table with ratios, the targets and a plot."""
    method = (
        "FastAPI + SQLAlchemy with one worker; the worker is killed with -9 and a client asks until a new process"
        " answers. uvicorn supervises only two workers or more: there both are killed at once."
    )
    mine = median(samples.get(OURS.name, []))
    rows = []
    for name, times in samples.items():
        beside = ratio(mine, median(times)) if times and mine == mine else "n/a"
        rows.append((name, spread([seconds * 1000 for seconds in times]), str(len(times)), beside))
    table = Table("Time until a new worker serves", ("server", "ms", "kills", "mainstay / this"), tuple(rows))
    bars = tuple(
        Bar(name, median(times) * 1000, name.startswith("mainstay")) for name, times in samples.items() if times
    )
    targets = tuple(_target(peer.name, mine, samples.get(peer.name, [])) for peer in COMPARED)
    panel = Panel("A worker killed with -9", "milliseconds until a new one serves, median", bars)
    return Section(
        "crash_recovery", "3. Recovery from kill -9", method, (table,), targets, (panel,), {"seconds": dict(samples)}
    )


def _target(peer: str, mine: float, times: list[float]) -> Target:
    promise = f"under {LIMIT:g} of the time {peer} needs"
    if mine != mine or not times:
        return Target(promise, "not measured", None)
    return Target(promise, ratio(mine, median(times)), mine < LIMIT * median(times))
