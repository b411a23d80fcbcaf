"""The promises of the core, under anything that people, programs and machines may do, in any order."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mainstay.core.events import (
    Cause,
    Decide,
    Delete,
    Kill,
    Reload,
    Reset,
    Restart,
    RunJob,
    Scale,
    Signal,
    Stage,
    Start,
    Stop,
)
from mainstay.core.fleet import Fleet, deadline_of
from mainstay.core.report import describe, rows
from mainstay.model.codec import dump, load
from mainstay.model.exits import Ending, Exited, Signaled
from mainstay.model.spec import (
    AppSpec,
    Condition,
    Dependency,
    Engine,
    Limits,
    Overlap,
    PythonApp,
    RestartOn,
    Schedule,
    TcpBind,
)
from mainstay.model.spec import Restart as Policy
from tests.core.simulated import Behaviour, Code, Effort
from tests.core.specs import (
    COLD,
    CRASHES,
    DIES_YOUNG,
    GOOD,
    HANGS,
    JOBS,
    NEVER_READY,
    NO_IMPORT,
    PROXY,
    SLOW_TO_END,
    WEB,
    WILL_NOT_END,
)
from tests.core.world import EPOCH, World

APPS = ("web", "jobs", "proxy")
SELECTORS = st.sampled_from(("web", "web", "web", "jobs", "proxy", "all", "web-0", "web-1", "jobs-0", "default", "0"))
CODES = st.sampled_from(
    (
        GOOD,
        GOOD,
        COLD,
        CRASHES,
        DIES_YOUNG,
        HANGS,
        NEVER_READY,
        NO_IMPORT,
        SLOW_TO_END,
        WILL_NOT_END,
        Code(worker=Behaviour(spawn=0.4, ready=2.0)),
        Code(worker=Behaviour(spawn=12.0)),
        Code(worker=Behaviour(dies=0.2, ending=Exited(0))),
        Code(worker=Behaviour(dies=4.0)),
        Code(special={1: CRASHES.worker}),
        Code(steps={stage: Effort(ending=Exited(4)) for stage in Stage}),
        Code(steps={stage: Effort(takes=None) for stage in Stage}),
        Code(steps={stage: Effort(takes=2.0, ends=8.0) for stage in Stage}),
        Code(special={0: SLOW_TO_END.worker, 2: CRASHES.worker}),
    )
)
ENDINGS: st.SearchStrategy[Ending] = st.sampled_from((Signaled(9), Exited(0), Exited(1)))
POLICIES = st.builds(
    Policy, on=st.sampled_from(RestartOn), give_up_after=st.sampled_from((0, 0, 2)), exponential=st.booleans()
)


DEPENDENCIES = st.one_of(
    st.just(()),
    st.just(()),
    st.lists(st.builds(Dependency, st.sampled_from((*APPS, "nobody")), st.sampled_from(Condition)), max_size=2).map(
        tuple
    ),
)


SCHEDULES = st.one_of(
    st.none(),
    st.builds(Schedule, st.just("0 3 * * *"), overlap=st.sampled_from(Overlap), timeout=st.sampled_from((0.0, 3.0))),
)


@st.composite
def specs(draw: st.DrawFn) -> AppSpec:
    """A spec of one of our apps, with something changed."""
    spec = draw(st.sampled_from((WEB, WEB, JOBS, PROXY)))
    changed = replace(
        spec,
        instances=draw(st.integers(-1, 4)),
        parallel=draw(st.sampled_from((1, 1, 2))),
        restart=draw(POLICIES),
        start_timeout=draw(st.sampled_from((2.0, 30.0))),
        stop_timeout=draw(st.sampled_from((1.0, 10.0))),
        before_start=draw(st.sampled_from(((), (), ("migrate",)))),
        before_start_timeout=draw(st.sampled_from((1.0, 20.0))),
        depends_on=draw(DEPENDENCIES),
        schedule=draw(SCHEDULES) if spec is JOBS else None,
        after_stop=draw(st.sampled_from(((), (), ("clean",)))),
        limits=Limits(lifetime=draw(st.sampled_from((0.0, 0.0, 5.0, 60.0)))),
    )
    if spec is WEB and draw(st.booleans()):
        port = draw(st.sampled_from((8000, 8001)))
        engine = draw(st.sampled_from(Engine))
        binds = draw(st.sampled_from(((), (TcpBind("127.0.0.1", port),))))
        changed = replace(changed, program=PythonApp("shop.main:app", "/usr/bin/python3", engine=engine), binds=binds)
    return changed


class Life(RuleBasedStateMachine):
    """People, programs and a machine that all do as they like, and a daemon that must cope."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(seed=st.integers(0, 9), spec=specs())
    def something_is_started(self, seed: int, spec: AppSpec) -> None:
        self.world = World(seed)
        self.world.apply(spec)
        self.world.run(1.0)

    @rule(spec=specs(), reload=st.booleans())
    def a_spec_is_applied(self, spec: AppSpec, reload: bool) -> None:
        self.world.apply(spec, reload=reload)

    @rule(found=st.lists(specs(), min_size=2, max_size=3, unique_by=lambda spec: spec.name), reload=st.booleans())
    def specs_are_applied_together(self, found: list[AppSpec], reload: bool) -> None:
        self.world.apply(*found, reload=reload)

    @rule(selector=SELECTORS, kind=st.sampled_from((Start, Stop, Restart, Reload, Reload, Delete, Reset)))
    def something_is_asked(self, selector: str, kind: type[Start | Stop | Restart | Reload | Delete | Reset]) -> None:
        self.world.ask(lambda token: kind(token, (selector,)))

    @rule(selector=SELECTORS)
    def a_canary_is_asked_for(self, selector: str) -> None:
        self.world.ask(lambda token: Reload(token, (selector,), canary=10))

    @rule(proceed=st.booleans())
    def a_canary_is_decided_on(self, proceed: bool) -> None:
        self.world.ask(lambda token: Decide(token, ("web",), proceed))

    @rule(app=st.sampled_from(APPS), to=st.sampled_from(("1", "3", "+1", "+2", "-1", "-2", "max")))
    def an_app_is_scaled(self, app: str, to: str) -> None:
        self.world.ask(lambda token: Scale(token, app, to))

    @rule(app=st.sampled_from(("jobs", "jobs", "web")), detach=st.booleans())
    def a_job_is_run(self, app: str, detach: bool) -> None:
        self.world.ask(lambda token: RunJob(token, app, detach))

    @rule(app=st.sampled_from(("jobs", "jobs", "web")))
    def something_is_due(self, app: str) -> None:
        self.world.due(app)

    @rule(selector=SELECTORS)
    def a_signal_is_sent(self, selector: str) -> None:
        self.world.ask(lambda token: Signal(token, (selector,), 10))

    @rule(app=st.sampled_from(APPS), code=CODES)
    def code_is_written(self, app: str, code: Code) -> None:
        self.world.code[app] = code

    @rule(app=st.sampled_from(APPS), taken=st.booleans())
    def a_port_is_taken_or_freed(self, app: str, taken: bool) -> None:
        self.world.taken ^= {app} if taken is (app not in self.world.taken) else set()

    @precondition(lambda self: any(p.pid for p in self.world.processes.values()))
    @rule(data=st.data(), ending=ENDINGS)
    def a_worker_dies(self, data: st.DataObject, ending: Ending) -> None:
        born = sorted(worker for worker, process in self.world.processes.items() if process.pid)
        self.world.crash(data.draw(st.sampled_from(born)), ending)

    @precondition(lambda self: any(p.pid for p in self.world.processes.values()))
    @rule(data=st.data(), cause=st.sampled_from(Cause))
    def a_worker_is_unfit(self, data: st.DataObject, cause: Cause) -> None:
        born = sorted(worker for worker, process in self.world.processes.items() if process.pid)
        self.world.tire(data.draw(st.sampled_from(born)), cause)

    @precondition(lambda self: any(p.pid for p in self.world.processes.values()))
    @rule(data=st.data(), well=st.booleans())
    def a_worker_recovers_or_is_stuck(self, data: st.DataObject, well: bool) -> None:
        born = sorted(worker for worker, process in self.world.processes.items() if process.pid)
        worker = data.draw(st.sampled_from(born))
        self.world.heal(worker) if well else self.world.block(worker)

    @precondition(lambda self: self.world.templates)
    @rule(data=st.data())
    def a_template_dies(self, data: st.DataObject) -> None:
        self.world.crash_template(*data.draw(st.sampled_from(sorted(self.world.templates))))

    @rule(seconds=st.sampled_from((0.0, 0.02, 0.1, 0.6, 0.6, 1.2, 1.2, 3.0, 12.0, 40.0)))
    def time_passes(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(seconds=st.sampled_from((5.0, 100.0)))
    def the_machine_sleeps(self, seconds: float) -> None:
        self.world.jump(seconds)

    @rule()
    def the_fleet_is_written_and_read(self) -> None:
        assert load(Fleet, dump(self.world.fleet)) == self.world.fleet

    @rule()
    def the_daemon_is_replaced_while_nothing_happens(self) -> None:
        self.world.take_over()

    @rule(after=st.integers(-1, 6))
    def the_daemon_will_be_killed_in_the_middle_of_an_event(self, after: int) -> None:
        self.world.kill_daemon(after)

    @invariant()
    def everything_can_be_shown(self) -> None:
        fleet, now = self.world.fleet, self.world.now
        assert len({(row["slot"], row["generation"], row["pid"]) for row in rows(fleet, now, EPOCH)}) >= len(fleet.apps)
        for app in fleet.apps.values():
            describe(app, fleet, now, EPOCH)

    def unanswered(self) -> set[int]:
        """The requests that are owed a reply, but for those that wait for a run which may never end."""
        found = [app.job for app in self.world.fleet.apps.values() if app.job]
        runs = {token for job in found for token in (*(job.run.tokens if job.run else ()), *(job.queued or ()))}
        return self.world.promises.open - runs

    def teardown(self) -> None:
        """Left alone, every request is answered; and asked to, everything ends."""
        world = self.world
        world.kill_daemon(None)
        world.run_until(lambda: not self.unanswered(), 600.0, f"replies to {world.promises.open}")
        token = world.ask(Kill)
        world.reply(token, 150.0)

        assert world.down
        assert world.promises.open == set()
        assert deadline_of(world.fleet) is None


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
