"""Item 2: reloading to a release that cannot serve, and whether the old one goes on."""

import time
from dataclasses import dataclass

from benchmarks import ours
from benchmarks.attempts import Newcomers
from benchmarks.contender import App, Contender, Identity, Running, say, serving, whoami
from benchmarks.load import Plan
from benchmarks.loading import Load, loading
from benchmarks.peers import GRANIAN, GUNICORN, PM2_CONTENDER, UVICORN, kill
from benchmarks.results import Scope, Section, Table, Target
from benchmarks.rounds import attempt, chosen, interleaved

# Near uvicorn's 5 s: "never ready" must be decided while the load still runs.
START_TIMEOUT = "8s"
CONTENDERS: dict[App, tuple[Contender, ...]] = {
    App.DATABASE: (
        ours.Mainstay(start_timeout=START_TIMEOUT),
        UVICORN,
        GUNICORN,
        ours.Mainstay("granian", START_TIMEOUT),
        GRANIAN,
    ),
    App.HELLO: (PM2_CONTENDER,),
}
FAULTS = {
    "fails_at_import": "fails at import",
    "fails_at_startup": "fails at start-up",
    "never_ready": "never gets ready",
    "dies_young": "dies after 0.5 s",
}
HEAL_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One bad deploy: the command's exit code (None: nothing to ask), what the load lost, what serves in the end.

    `tried` when new processes were seen after the reload was asked for. It is looked for ten times a second: a yes
    proves that the reload was not ignored, a no may be a process that died at once.
    """

    code: int | None
    load: Load
    after: Identity | None
    healed: bool
    tried: bool
    said: str

    @property
    def good(self) -> bool:
        """Refused, nothing lost, old code serves and is healed."""
        # A tool that breaks down exits with 1 too: that is no refusal.
        refused = self.code == 1 and "a bug in mainstay" not in self.said
        return refused and self.load.lost == 0 and self.serves == "old code" and self.healed

    @property
    def serves(self) -> str:
        """What answers when the dust has settled."""
        if self.after is None:
            return "nothing"
        return "old code" if self.after.version == "good" else "bad code"

    def __str__(self) -> str:
        lost = f"lost {self.load.lost} of {self.load.lost + self.load.answered} {dict(self.load.reasons) or ''}"
        after = f"serves {self.serves}, healed {self.healed}, tried {self.tried}"
        return f"exit {self.code}, {lost}, {after}, {self.said[-300:]!r}"


def measure(contender: Contender, app: App, fault: str, seconds: float) -> Sample:
    """Deploy one bad release under load, then kill a worker and see whether the good code comes back."""
    with serving(contender, app, 2) as (site, running):
        plan = Plan(site.port, fresh=8, keep_alive=8, seconds=seconds, think=0.02, timeout=5.0)
        with loading(plan) as load, Newcomers(running) as newcomers:
            time.sleep(2)
            site.release(f"broken/{fault}{site.file.suffix}")
            outcome = running.reload()
            found = load.finish()
        after = whoami(site.port, 3.0)
        healed = after is not None and after.version == "good" and _heals(site.port, running, after.pid)
        code, said = (None, "") if outcome is None else (outcome.code, outcome.output.strip())
        return Sample(code, found, after, healed, bool(newcomers.seen), said)


def _heals(port: int, running: Running, victim: int) -> bool:
    """Kill -9 one worker; whether a process that was not there before serves the good code soon."""
    before = {who.pid for who in (whoami(port, 3.0) for _ in range(50)) if who is not None} | {victim}
    kill(victim, running)
    end = time.monotonic() + HEAL_TIMEOUT
    while time.monotonic() < end:
        now = whoami(port, 1.0)
        if now is not None and now.pid not in before:
            return now.version == "good"
    return False


def bench(scope: Scope, *, with_ours: bool) -> Section:
    """Run the item."""
    seconds = scope.seconds(14, 10)
    samples: dict[str, dict[str, list[Sample]]] = {}
    for app, everyone in CONTENDERS.items():
        say("reloading to bad code")
        who = chosen(everyone, with_ours=with_ours, only=scope.only)
        for _, one in interleaved(who, scope.rounds(1)):
            for fault, title in FAULTS.items():
                sample = attempt(one, title, lambda one=one, f=fault, app=app: measure(one, app, f, seconds))  # type: ignore[misc]
                if sample is not None:
                    samples.setdefault(one.name, {}).setdefault(fault, []).append(sample)
    return section(samples, seconds)


def section(samples: dict[str, dict[str, list[Sample]]], seconds: float) -> Section:
    """The samples as one table per fault and one target."""
    method = (
        f"Two workers under 16 connections for {seconds:g} s; after 2 s the app's file is replaced by one that cannot"
        " serve and a reload is asked for. SIGHUP tells its sender nothing, so there is no exit code to show. Healed:"
        " a worker is killed with -9 afterwards and a new process answers with the old code within 10 s. The Python"
        " servers serve FastAPI + SQLAlchemy, PM2 the same faults in Node."
    )
    tables = tuple(_table(title, fault, samples) for fault, title in FAULTS.items())
    raw = {
        name: {fault: [_raw(run) for run in runs] for fault, runs in found.items()} for name, found in samples.items()
    }
    return Section("bad_deploy", "2. Reloading to bad code", method, tables, (_target(samples),), samples=dict(raw))


def _raw(sample: Sample) -> dict[str, object]:
    return {
        "exit_code": sample.code,
        "answered": sample.load.answered,
        "lost": dict(sample.load.reasons),
        "serves": sample.serves,
        "healed": sample.healed,
        "tried": sample.tried,
        "said": sample.said[-2000:],
    }


def _table(title: str, fault: str, samples: dict[str, dict[str, list[Sample]]]) -> Table:
    rows = []
    for name, found in samples.items():
        for run in found.get(fault, []):
            code = "no answer" if run.code is None else str(run.code)
            lost = f"{run.load.lost:,} of {run.load.lost + run.load.answered:,}"
            rows.append(
                (name, code, lost, run.serves, "yes" if run.healed else "no", "yes" if run.tried else "not seen")
            )
    columns = (
        "server",
        "exit code",
        "requests lost",
        "serves afterwards",
        "healed with the old code",
        "new processes",
    )
    return Table(title.capitalize(), columns, tuple(rows))


def _target(samples: dict[str, dict[str, list[Sample]]]) -> Target:
    promise = "each fault: 0 lost, exit code 1, the old code serves and heals"
    runs = [
        run for name, found in samples.items() if name.startswith("mainstay") for some in found.values() for run in some
    ]
    if not runs:
        return Target(promise, "not measured", None)
    good = sum(run.good for run in runs)
    return Target(promise, f"{good} of {len(runs)} as promised", good == len(runs))
