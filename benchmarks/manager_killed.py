"""Item 9: the manager itself is killed with -9: what is lost, what still serves, and who manages it from then on."""

import time
from collections import Counter
from dataclasses import dataclass

from benchmarks import ours
from benchmarks.contender import App, CannotServe, Managed, Serves, say, serving, whoami, whoever
from benchmarks.load import Plan
from benchmarks.loading import Load, loading
from benchmarks.peers import GUNICORN, GUNICORN_ASGI, PM2_CONTENDER, UVICORN, kill
from benchmarks.processes import TooSlow, alive, command_line, until
from benchmarks.results import Bar, Panel, Scope, Section, Table, Target, median, spread
from benchmarks.rounds import attempt, chosen, interleaved
from benchmarks.supervisors import CIRCUS, SUPERVISOR

CONTENDERS: tuple[Serves[Managed], ...] = (
    ours.Mainstay(),
    PM2_CONTENDER,
    GUNICORN,
    GUNICORN_ASGI,
    UVICORN,
    SUPERVISOR,
    CIRCUS,
)
ROUNDS = 3
WORKERS = 2
SECONDS = 10.0
KILLED_AT = 3.0
PATIENCE = 10.0
LIMIT = 2.0
LOOK_EVERY = 0.05
ANSWERS = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One death: what the load lost, who served before and 10 s after it, and who manages.

    `managed_after` is in seconds; None when nobody came. `listed` is how many workers the tool's own list shows in the
    end; None where it has no list. `unanswered` is of the 20 requests 10 s later.
    """

    load: Load
    before: frozenset[int]
    after: frozenset[int]
    unanswered: int
    managed_after: float | None
    listed: int | None

    @property
    def workers(self) -> str:
        """What became of those who served."""
        if not self.after:
            return "gone"
        return "the same" if self.after <= self.before else "replaced"

    def __str__(self) -> str:
        lost = f"lost {self.load.lost} of {self.load.answered + self.load.lost} {dict(self.load.reasons) or ''}"
        after = f"10 s later {ANSWERS - self.unanswered} of {ANSWERS} answered, workers {self.workers}"
        return f"{lost}, {after}, managed again: {_seconds([self.managed_after])}, listed: {self.listed}"


def measure(contender: Serves[Managed]) -> Sample:
    """Kill the manager once, under load."""
    app = App.HELLO if contender is PM2_CONTENDER else App.JSON
    with serving(contender, app, WORKERS) as (site, running):
        _wait_for_list(running)
        with loading(Plan(site.port, seconds=SECONDS)) as load:
            start = time.monotonic()
            before = whoever(site.port, WORKERS)
            known = frozenset(running.pids())
            manager = running.manager()
            title = command_line(manager)
            time.sleep(max(0.0, start + KILLED_AT - time.monotonic()))
            kill(manager, running)
            killed = time.monotonic()
            managed_after = managed_again(running, known, title)
            found = load.finish()
        time.sleep(max(0.0, killed + PATIENCE - time.monotonic()))
        answers = [whoami(site.port, 2.0) for _ in range(ANSWERS)]
        online = running.online()
        return Sample(
            load=found,
            before=frozenset(before),
            after=frozenset(who.pid for who in answers if who is not None),
            unanswered=answers.count(None),
            managed_after=managed_after,
            listed=None if online is None else len(online),
        )


def _wait_for_list(running: Managed) -> None:
    """A list that was never complete could not be complete again."""
    try:
        until(lambda: _complete(running.online()), PATIENCE, "all workers in the tool's own list")
    except TooSlow as error:
        raise CannotServe(str(error)) from None


def _complete(online: list[int] | None) -> bool:
    """Whether a list shows all workers, and only what lives; where there is no list there is nothing to wait for."""
    return online is None or (len(online) == WORKERS and all(map(alive, online)))


def managed_again(
    running: Managed, known: frozenset[int], title: list[str], patience: float = PATIENCE
) -> float | None:
    """Seconds until a process that was not `known` runs the manager's command and lists all workers; None for never.

    The list is not asked for before there is such a process: with some tools asking starts one.
    """
    start = time.monotonic()
    while time.monotonic() < start + patience:
        successors = (pid for pid in running.pids() if pid not in known and command_line(pid) == title)
        if any(successors) and _complete(running.online()):
            return time.monotonic() - start
        time.sleep(LOOK_EVERY)
    return None


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    say("the manager is killed with -9")
    who = chosen(CONTENDERS, with_ours=with_ours, only=scope.only)
    samples: dict[str, list[Sample]] = {one.name: [] for one in who}
    for number, one in interleaved(who, scope.rounds(ROUNDS)):
        sample = attempt(one, f"run {number + 1}", lambda one=one: measure(one))  # type: ignore[misc]
        if sample is not None:
            samples[one.name].append(sample)
    return section(samples)


def section(samples: dict[str, list[Sample]]) -> Section:
    """The samples as a table, the targets and a plot."""
    method = (
        f"FastAPI with two workers, 16 connections that are new for each request and 16 that are kept alive, for"
        f" {SECONDS:g} s; after {KILLED_AT:g} s the process that manages the workers is killed with -9: mainstay's"
        " daemon, PM2's daemon (a Node app in cluster mode), gunicorn's and uvicorn's parent, supervisord, circusd (the"
        " last two bind the port, and uvicorn processes serve on it). Nobody types anything, and no init system watches"
        " over any of them. Serves = each of 20 requests is answered 10 s after the kill. Managed again = time from the"
        " kill until a new manager runs and the tool's own list (`mainstay list`, `pm2 jlist`, `supervisorctl status`,"
        " `circusctl list`) shows both workers as running; gunicorn and uvicorn have no list, so there a new manager is"
        f" enough. Looked for during {PATIENCE:g} s. The list is asked for once more in the end."
    )
    columns = (
        "manager of",
        "runs",
        "requests",
        "lost",
        "reasons, all runs",
        "slowest answer, ms",
        "serves 10 s later",
        "workers",
        "managed again after, s",
        "its list in the end",
    )
    rows = tuple(_row(name, runs) for name, runs in samples.items())
    table = Table("The manager killed with -9", columns, rows, "Per run: median (lowest to highest).")
    bars = tuple(
        Bar(name, median(run.load.lost for run in runs), name.startswith("mainstay"))
        for name, runs in samples.items()
        if runs
    )
    raw: dict[str, object] = {name: [_raw(run) for run in runs] for name, runs in samples.items()}
    panels = (Panel("The manager killed with -9", "requests lost per run, median", bars),) if bars else ()
    targets = _targets(samples.get("mainstay", []))
    return Section("manager_killed", "9. The manager killed", method, (table,), targets, panels, raw)


def _row(name: str, runs: list[Sample]) -> tuple[str, ...]:
    reasons: Counter[str] = sum((run.load.reasons for run in runs), Counter())
    listed = sorted({run.listed for run in runs if run.listed is not None})
    return (
        name,
        str(len(runs)),
        spread([run.load.answered + run.load.lost for run in runs]),
        spread([run.load.lost for run in runs]),
        ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()) or "none",
        spread([run.load.slowest * 1000 for run in runs]),
        f"{sum(run.unanswered == 0 for run in runs)} of {len(runs)}",
        ", ".join(sorted({run.workers for run in runs})),
        _seconds([run.managed_after for run in runs]),
        f"{' or '.join(map(str, listed))} of {WORKERS}" if listed else "has none",
    )


def _seconds(times: list[float | None]) -> str:
    """The times of those runs where there was one, and how many had none."""
    found = [seconds for seconds in times if seconds is not None]
    if not found:
        return "never"
    never = len(times) - len(found)
    return spread(found, 2) + (f", never in {never} of {len(times)}" if never else "")


def _targets(runs: list[Sample]) -> tuple[Target, ...]:
    nothing = "0 requests lost"
    soon = f"a complete list within {LIMIT:g} s, and nobody types anything"
    if not runs:
        return Target(nothing, "not measured", None), Target(soon, "not measured", None)
    lost = sum(run.load.lost for run in runs)
    times = [run.managed_after for run in runs]
    kept = all(seconds is not None and seconds < LIMIT for seconds in times)
    return (
        Target(nothing, f"{lost} lost in {len(runs)} runs", lost == 0),
        Target(soon, f"{_seconds(times)} s" if any(times) else "never", kept),
    )


def _raw(sample: Sample) -> dict[str, object]:
    return {
        "answered": sample.load.answered,
        "lost": dict(sample.load.reasons),
        "slowest_seconds": sample.load.slowest,
        "unanswered_later": sample.unanswered,
        "workers": sample.workers,
        "managed_after_seconds": sample.managed_after,
        "listed": sample.listed,
    }
