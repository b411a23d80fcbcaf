"""Item 1: requests lost while the app is reloaded three times, fresh and kept-alive connections at once."""

import time
from collections import Counter
from dataclasses import dataclass

from benchmarks import ours
from benchmarks.attempts import release_version, serves_everywhere
from benchmarks.contender import App, Contender, Kind, say, serving
from benchmarks.load import Plan
from benchmarks.loading import Load, loading
from benchmarks.peers import GRANIAN, GUNICORN, GUNICORN_ASGI, GUNICORN_WSGI, PM2_CONTENDER, UVICORN
from benchmarks.results import Bar, Panel, Scope, Section, Table, Target, median, spread
from benchmarks.rounds import attempt, chosen, interleaved

MAINSTAY = ours.Mainstay()
MAINSTAY_GRANIAN = ours.Mainstay("granian")
CONTENDERS: dict[App, tuple[Contender, ...]] = {
    App.DATABASE: (MAINSTAY, UVICORN, GUNICORN, MAINSTAY_GRANIAN, GUNICORN_ASGI, GRANIAN),
    App.FLASK: (MAINSTAY, GUNICORN_WSGI, MAINSTAY_GRANIAN, GRANIAN),
    App.HELLO: (PM2_CONTENDER,),
}
TITLES = {
    App.DATABASE: "ASGI: FastAPI + SQLAlchemy",
    App.FLASK: "WSGI: Flask",
    App.HELLO: "Node: http server without shutdown code",
}
OUR_ROUNDS = 10
PEER_ROUNDS = 3
RELOADS = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: what the load found, how many reloads said they failed, whether the last release serves everywhere."""

    load: Load
    failed_reloads: int
    took_effect: bool

    def __str__(self) -> str:
        load = self.load
        lost = f"lost {load.fresh.lost_total} fresh + {load.kept.lost_total} keep-alive of {load.answered + load.lost}"
        slowest = f"slowest {load.slowest * 1000:.0f} ms"
        reloads = f"failed reloads {self.failed_reloads}, new code serves: {self.took_effect}"
        return f"{lost} {dict(load.reasons) or ''}, {slowest}, {reloads}"


def measure(contender: Contender, app: App, seconds: float) -> Sample:
    """One run: load for `seconds`, three reloads spread over it."""
    failed = 0
    version = ""
    with serving(contender, app, 2) as (site, running), loading(Plan(site.port, seconds=seconds)) as load:
        start = time.monotonic()
        for number in range(RELOADS):
            due = start + seconds * (number + 0.5) / (RELOADS + 0.5)
            time.sleep(max(0.0, due - time.monotonic()))
            version = f"good-{number}"
            release_version(site, version)
            outcome = running.reload()
            failed += outcome is not None and outcome.code != 0
        found = load.finish()
        return Sample(found, failed, serves_everywhere(site, version))


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    seconds = scope.seconds(15, 9)
    samples: dict[App, dict[str, list[Sample]]] = {}
    for app, everyone in CONTENDERS.items():
        say(f"requests lost while reloading, {TITLES[app]}")
        who = chosen(everyone, with_ours=with_ours, only=scope.only)
        found = samples[app] = {one.name: [] for one in who}
        for number, one in interleaved(who, scope.rounds(OUR_ROUNDS)):
            if not one.ours and number >= PEER_ROUNDS:
                continue
            sample = attempt(one, f"run {number + 1}", lambda one=one, app=app: measure(one, app, seconds))  # type: ignore[misc]
            if sample is not None:
                found[one.name].append(sample)
    return section(samples, seconds)


def section(samples: dict[App, dict[str, list[Sample]]], seconds: float) -> Section:
    """The samples as tables, a target per promise, and a plot."""
    method = (
        f"Two workers, 16 connections that are new for each request and 16 that are kept alive, for {seconds:g} s; the"
        " app is reloaded three times meanwhile (SIGHUP, `pm2 reload all`, `mainstay reload app`). Lost = not answered"
        " in full with status 200. Before a kept connection is used again the client looks whether the server has"
        " closed it, and reconnects without a loss if so, as good HTTP clients do. Every reload brings a new version;"
        " new code serves = afterwards every answer names the last one, so that a reload was not simply left out."
    )
    return Section(
        key="reload_loss",
        title="1. Requests lost while reloading",
        method=method,
        tables=tuple(_table(TITLES[app], found) for app, found in samples.items() if found),
        targets=tuple(_target(app, samples[app]) for app in (App.DATABASE, App.FLASK)),
        panels=tuple(_panel(TITLES[app], found) for app, found in samples.items() if any(found.values())),
        samples={
            app.name.lower(): {name: list(map(_raw, runs)) for name, runs in samples[app].items()} for app in samples
        },
    )


def _raw(sample: Sample) -> dict[str, object]:
    return {
        "fresh": {"answered": sample.load.fresh.answered, "lost": dict(sample.load.fresh.lost)},
        "keep_alive": {"answered": sample.load.kept.answered, "lost": dict(sample.load.kept.lost)},
        "slowest_seconds": sample.load.slowest,
        "failed_reloads": sample.failed_reloads,
        "new_code_serves": sample.took_effect,
    }


def _table(title: str, found: dict[str, list[Sample]]) -> Table:
    rows = []
    for name, runs in found.items():
        reasons: Counter[str] = sum((run.load.reasons for run in runs), Counter())
        rows.append(
            (
                name,
                str(len(runs)),
                spread([run.load.answered + run.load.lost for run in runs]),
                spread([run.load.fresh.lost_total for run in runs]),
                spread([run.load.kept.lost_total for run in runs]),
                ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()) or "none",
                spread([run.load.slowest * 1000 for run in runs]),
                f"{sum(run.took_effect for run in runs)} of {len(runs)}",
            )
        )
    columns = (
        "server",
        "runs",
        "requests",
        "fresh lost",
        "keep-alive lost",
        "reasons, all runs",
        "slowest answer, ms",
        "new code serves",
    )
    return Table(title, columns, tuple(rows), "Per run: median (lowest to highest).")


def _target(app: App, found: dict[str, list[Sample]]) -> Target:
    interface = "WSGI" if app.kind is Kind.WSGI else "ASGI"
    promise = f"{interface}: 0 requests lost in ten runs of ten, either engine"
    runs = [run for name, some in found.items() if name.startswith("mainstay") for run in some]
    if not runs:
        return Target(promise, "not measured", None)
    lost = sum(run.load.lost for run in runs)
    clean = sum(run.load.lost == 0 and run.failed_reloads == 0 and run.took_effect for run in runs)
    return Target(promise, f"{lost} lost, {clean} clean runs of {len(runs)}", clean == len(runs))


def _panel(title: str, found: dict[str, list[Sample]]) -> Panel:
    bars = [
        Bar(name, median(run.load.lost for run in runs), name.startswith("mainstay"))
        for name, runs in found.items()
        if runs
    ]
    return Panel(title, "requests lost per run, median", tuple(bars))
