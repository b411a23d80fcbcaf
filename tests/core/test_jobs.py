"""Apps that run when they are due, on a simulated clock."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mainstay.core.app import Job, Ran
from mainstay.core.effects import Launch, Notify, Record, Refusal, Reply, RunStep
from mainstay.core.events import Armed, Cause, Due, Kill, Reload, Request, RunJob, Stage
from mainstay.core.fleet import Fleet
from mainstay.core.jobs import declared, exit_code
from mainstay.core.report import describe, rows
from mainstay.model.codec import dump, load
from mainstay.model.exits import Ending, Exited, Signaled, Unstarted
from mainstay.model.happening import Kind
from mainstay.model.spec import AppSpec, Command, Dependency, Limits, Overlap, Restart, RestartOn, Schedule
from tests.core.simulated import Behaviour, Code, Effort
from tests.core.specs import NO_IMPORT, SLOW_TO_END, WEB, delete, job, restart, scale, start, started, stop
from tests.core.world import EPOCH, World

NIGHTLY = Schedule("0 3 * * *", "Europe/Berlin")
REPORT = AppSpec("report", Command(("report",)), "/srv", schedule=NIGHTLY)


WELL = Exited(0)


def code(takes: float = 1.0, ending: Ending = WELL) -> Code:
    return Code(worker=Behaviour(ready=None, dies=takes, ending=ending, lines=("written",)))


def scheduled(spec: AppSpec = REPORT, behaves: Code | None = None) -> World:
    world = World()
    world.code[spec.name] = behaves or code()
    assert world.reply(world.apply(spec)).refusal is None
    return world


def overlapping(overlap: Overlap, behaves: Code | None = None) -> World:
    return scheduled(replace(REPORT, schedule=replace(NIGHTLY, overlap=overlap)), behaves)


def run_job(detach: bool = False, app: str = "report") -> Callable[[int], Request]:
    return lambda token: RunJob(token, app, detach)


def state(world: World) -> Job:
    found = world.fleet.apps["report"].job
    assert found is not None
    return found


def results(world: World) -> list[str]:
    return [ran.result for ran in state(world).runs]


def status(world: World) -> object:
    return rows(world.fleet, world.now, EPOCH)[0]["status"]


def starts(world: World) -> int:
    return len(world.effects(Launch))


def refusal(reply: Reply) -> Refusal:
    assert reply.refusal is not None
    return reply.refusal


def test_it_does_not_run_when_it_is_deployed() -> None:
    world = scheduled()
    world.run(100)

    assert (starts(world), status(world)) == (0, "scheduled")
    assert world.armed["report"].cron == "0 3 * * *"
    assert world.armed["report"].timezone == "Europe/Berlin"


def test_deploying_it_is_answered_as_scheduled() -> None:
    world = World()

    assert world.reply(world.apply(REPORT)).outcomes[0].outcome == "scheduled"
    assert world.reply(world.apply(REPORT)).outcomes[0].outcome == "unchanged"


def test_it_runs_when_it_is_due_and_what_came_of_it_is_kept() -> None:
    world = scheduled()
    world.due("report")
    world.run(0.5)
    meanwhile = status(world)
    world.run(10)

    assert (meanwhile, status(world)) == ("online", "scheduled")
    assert results(world) == ["exit code 0"]
    assert state(world).runs[0].lines == ("written",)
    assert state(world).runs[0].seconds == pytest.approx(1.01)


def test_a_run_that_fails_is_not_repeated() -> None:
    world = scheduled(replace(REPORT, restart=Restart(on=RestartOn.ALWAYS)), code(ending=Exited(4)))
    world.due("report")
    world.run(1000)

    assert (starts(world), results(world), status(world)) == (1, ["exit code 4"], "scheduled")


def test_the_last_ten_runs_are_kept() -> None:
    world = scheduled()
    for _ in range(12):
        world.due("report")
        world.run(2)

    assert (starts(world), len(results(world))) == (12, 10)


def test_each_run_is_told_with_its_result() -> None:
    world = scheduled(behaves=code(ending=Signaled(9)))
    world.due("report")
    world.run(5)

    told = describe(world.fleet.apps["report"], world.fleet, world.now, EPOCH)["job"]
    assert isinstance(told, dict)
    assert isinstance(told["runs"], list)
    ran = told["runs"][0]
    assert isinstance(ran, dict)
    assert (ran["result"], ran["ok"], ran["lines"]) == ("killed by SIGKILL", False, ["written"])
    planned = rows(world.fleet, world.now, EPOCH)[0]["schedule"]
    assert isinstance(planned, dict)
    assert planned["last"] == ran


def test_one_that_is_due_while_it_runs_is_skipped() -> None:
    world = overlapping(Overlap.SKIP, code(takes=5))
    world.due("report")
    world.run(1)
    world.due("report")
    world.run(20)

    assert (starts(world), state(world).skipped) == (1, 1)


def test_one_that_is_due_while_it_runs_waits_and_no_more_than_one() -> None:
    world = overlapping(Overlap.QUEUE, code(takes=5))
    for _ in range(3):
        world.due("report")
        world.run(1)
    world.run(20)

    assert (starts(world), results(world), state(world).skipped) == (2, ["exit code 0"] * 2, 1)


def test_one_that_is_due_while_it_runs_takes_its_place() -> None:
    world = overlapping(Overlap.REPLACE, code(takes=5))
    world.due("report")
    world.run(1)
    world.due("report")
    world.run(20)

    assert (starts(world), results(world)) == (2, ["replaced by the next run", "exit code 0"])


def test_a_run_that_takes_too_long_is_ended() -> None:
    world = scheduled(replace(REPORT, schedule=replace(NIGHTLY, timeout=30.0)), code(takes=500))
    reply = world.answer(run_job())

    assert refusal(reply).message == "report failed: timed out after 30 s, after 30.1 s"
    assert refusal(reply).exit_code == 124
    assert (world.processes, status(world)) == ({}, "scheduled")


def test_a_run_is_never_ended_for_not_getting_ready() -> None:
    world = scheduled(behaves=code(takes=500))
    reply = world.answer(run_job(), limit=1000)

    assert reply.outcomes[0].outcome == "ran"
    assert reply.outcomes[0].message == "exit code 0, after 500.0 s"


@pytest.mark.parametrize(("ending", "expected"), [(Exited(4), 4), (Signaled(9), 137), (Unstarted("no program"), 1)])
def test_running_it_now_ends_with_its_exit_code(ending: Ending, expected: int) -> None:
    reply = scheduled(behaves=code(ending=ending)).answer(run_job())

    assert refusal(reply).exit_code == expected
    assert refusal(reply).lines == ("written",)


def test_running_it_now_need_not_be_waited_for() -> None:
    world = scheduled()
    reply = world.answer(run_job(detach=True))
    under_way = state(world).run
    world.run(5)

    assert (reply.outcomes[0].outcome, under_way is not None) == ("started", True)
    assert results(world) == ["exit code 0"]


def test_running_it_now_is_refused_while_it_runs() -> None:
    world = scheduled(behaves=code(takes=5))
    world.due("report")
    world.run(1)

    assert refusal(world.answer(run_job())).message == "cannot run report: its last run has not ended"


@pytest.mark.parametrize(
    ("overlap", "first"), [(Overlap.QUEUE, "exit code 0"), (Overlap.REPLACE, "replaced by the next run")]
)
def test_running_it_now_while_it_runs_is_done_where_overlap_allows(overlap: Overlap, first: str) -> None:
    world = overlapping(overlap, code(takes=5))
    world.due("report")
    world.run(1)
    reply = world.answer(run_job())

    assert reply.outcomes[0].message == "exit code 0, after 5.0 s"
    assert results(world) == [first, "exit code 0"]


def test_what_is_no_job_is_not_run() -> None:
    found = refusal(started(WEB).answer(run_job(app="web")))

    assert (found.message, found.exit_code) == ("cannot run web: it is no job", 2)


def test_a_stop_takes_it_off_its_schedule_and_ends_the_run() -> None:
    world = scheduled(behaves=code(takes=50))
    running = world.ask(run_job())
    world.run(1)
    reply = world.answer(stop("report"))

    assert (reply.outcomes[0].outcome, status(world), world.armed) == ("stopped", "stopped", {})
    assert refusal(world.replies[running]).message.startswith("report failed: stopped, after ")
    assert world.answer(stop("report")).outcomes[0].outcome == "unchanged"


def test_a_start_puts_it_back() -> None:
    world = scheduled()
    world.answer(stop("report"))
    outcome = world.answer(start("report")).outcomes[0].outcome

    assert (outcome, status(world), list(world.armed), starts(world)) == ("scheduled", "scheduled", ["report"], 0)


def test_what_is_due_after_a_stop_does_not_run() -> None:
    world = scheduled()
    world.answer(stop("report"))
    world.send(Due("report", EPOCH))

    assert starts(world) == 0


def test_one_that_is_off_its_schedule_can_be_run_by_hand() -> None:
    world = scheduled()
    world.answer(stop("report"))

    assert world.answer(run_job()).outcomes[0].outcome == "ran"
    assert status(world) == "stopped"


@pytest.mark.parametrize(("asked", "left"), [(delete("report"), []), (Kill, ["report"])])
def test_a_deletion_and_a_shutdown_end_its_run(asked: Callable[[int], Request], left: list[str]) -> None:
    world = scheduled(behaves=code(takes=50))
    world.ask(run_job())
    world.run(1)

    assert world.answer(asked).refusal is None
    assert (list(world.fleet.apps), world.processes, world.armed) == (left, {}, {})


@pytest.mark.parametrize("asked", [restart("report"), lambda token: Reload(token, ("all",))])
def test_a_restart_or_reload_leaves_it_alone(asked: Callable[[int], Request]) -> None:
    world = scheduled()
    reply = world.answer(asked)

    assert (reply.outcomes[0].message, starts(world)) == ("is a job, and runs when it is due", 0)


def test_it_has_no_instances() -> None:
    assert refusal(scheduled().answer(scale("2", "report"))).message == "cannot scale report: it is a job"
    assert declared(replace(REPORT, instances=4)).instances == 1
    assert declared(WEB) is WEB


def test_a_web_app_is_no_job() -> None:
    world = World()

    message = refusal(world.reply(world.apply(replace(WEB, binds=(), schedule=NIGHTLY)))).message
    assert message == "cannot schedule web: a job runs a command, and no web app"
    message = refusal(world.reply(world.apply(replace(REPORT, binds=WEB.binds)))).message
    assert message == "cannot schedule report: a job listens nowhere"


def test_before_start_goes_before_each_run_and_its_failure_is_the_run_s() -> None:
    spec = replace(REPORT, before_start=("pull",))
    world = scheduled(spec)
    world.answer(run_job())
    world.code["report"] = replace(code(), steps={Stage.BEFORE_START: Effort(ending=Exited(2))})
    found = refusal(world.answer(run_job()))

    assert len(world.effects(RunStep)) == 2
    assert found.message.startswith("report failed: before_start: exit code 2, after ")
    assert starts(world) == 1


def test_after_stop_is_run_when_it_is_taken_off_and_not_after_each_run() -> None:
    world = scheduled(replace(REPORT, after_stop=("clean",)))
    world.answer(run_job())
    before = len(world.effects(RunStep))
    world.answer(stop("report"))

    assert (before, len(world.effects(RunStep))) == (0, 1)


def test_a_change_holds_from_the_next_run_on_and_waits_for_none() -> None:
    world = scheduled(behaves=code(takes=50))
    world.ask(run_job())
    world.run(1)
    later = Schedule("30 4 * * *")
    reply = world.reply(world.apply(replace(REPORT, schedule=later, cwd="/new")))

    assert (reply.outcomes[0].outcome, state(world).run is not None) == ("changed", True)
    assert world.armed["report"].cron == "30 4 * * *"
    world.run(60)
    assert results(world) == ["exit code 0"]


def test_an_app_becomes_a_job_and_a_job_an_app() -> None:
    plain = replace(REPORT, schedule=None, instances=2)
    world = started(plain)
    became = world.reply(world.apply(REPORT))
    idle = (dict(world.processes), status(world))
    back = world.reply(world.apply(plain))

    assert (became.refusal, back.refusal) == (None, None)
    assert idle == ({}, "scheduled")
    assert (len(world.processes), world.armed) == (2, {})


def test_a_job_under_way_becomes_an_app_when_its_run_is_ended() -> None:
    world = scheduled(behaves=SLOW_TO_END)
    running = world.ask(run_job())
    world.run(1)
    world.code["report"] = Code()

    assert world.reply(world.apply(replace(REPORT, schedule=None))).refusal is None
    assert refusal(world.replies[running]).message == "cannot go on with report: it is no job any more"
    assert len(world.processes) == 1


def test_an_app_that_depends_on_a_job_needs_its_success() -> None:
    world = scheduled(behaves=code(takes=3))
    dependent = replace(job(), depends_on=(Dependency("report"),))
    never = refusal(world.reply(world.apply(dependent)))
    world.answer(run_job(detach=True))
    reply = world.reply(world.apply(dependent))

    assert never.message == "cannot start jobs: report, which it depends on, is a job that has not succeeded"
    assert reply.refusal is None
    assert "jobs waits for report" in [effect.text for effect in world.effects(Notify) if isinstance(effect, Notify)]


def test_what_is_known_of_it_survives_a_new_daemon() -> None:
    world = overlapping(Overlap.QUEUE, code(takes=5))
    world.answer(run_job())
    world.due("report")
    world.send(Armed("report", EPOCH))
    token = world.ask(run_job())
    fleet = load(Fleet, dump(world.fleet))
    assert fleet == world.fleet
    world.fleet = fleet

    assert world.reply(token).outcomes[0].outcome == "ran"


def test_from_when_it_has_counted_is_remembered() -> None:
    world = scheduled()
    world.send(Armed("report", EPOCH))
    first = state(world).seen
    world.send(Due("report", EPOCH + 60))
    world.send(Armed("report", EPOCH + 90))

    assert (first, state(world).seen) == (EPOCH, EPOCH + 60)


def test_a_scheduled_reload_replaces_the_workers() -> None:
    world = started(replace(WEB, restart=Restart(schedule="0 4 * * *")))
    world.due("web")
    world.run(10)

    assert world.armed["web"].cron == "0 4 * * *"
    assert world.serving() == ["web-0@2", "web-1@2"]


def test_a_scheduled_reload_of_bad_code_leaves_the_old_workers() -> None:
    world = started(replace(WEB, restart=Restart(schedule="0 4 * * *")))
    world.code["web"] = NO_IMPORT
    world.due("web")
    world.run(10)

    assert world.serving() == ["web-0@1", "web-1@1"]


def test_what_is_stopped_is_not_reloaded() -> None:
    world = started(replace(WEB, restart=Restart(schedule="0 4 * * *")))
    world.answer(stop("web"))

    assert world.armed == {}


def test_its_exit_code_says_why_we_ended_it() -> None:
    assert exit_code(Ran(0.0, 1.0, Signaled(15), "timed out after 3 s")) == 124
    assert exit_code(Ran(0.0, 1.0, Signaled(15), "stopped")) == 1


def test_a_run_is_not_begun_anew_because_it_has_got_old_or_large() -> None:
    world = scheduled(replace(REPORT, limits=Limits(lifetime=5.0)), code(takes=50))
    world.ask(run_job())
    world.run(20)
    world.tire("report-0", Cause.MEMORY)
    world.run(60)

    assert starts(world) == 1
    assert [ran.seconds > 49 for ran in state(world).runs] == [True]


def test_a_job_that_becomes_an_app_while_its_run_is_prepared_does_so_when_that_has_ended() -> None:
    spec = replace(REPORT, before_start=("migrate",))
    world = scheduled(spec, Code(steps={Stage.BEFORE_START: Effort(takes=None)}))
    run = world.ask(run_job())
    world.run(1)
    token = world.apply(replace(spec, schedule=None, before_start=()))

    assert "it is no job any more" in refusal(world.reply(run)).message
    assert world.reply(token).refusal is None
    assert world.fleet.apps["report"].job is None
    assert starts(world) == 1


def test_a_failed_run_is_told_as_a_failed_run_and_not_as_a_crash() -> None:
    world = scheduled(REPORT, code(ending=Exited(4)))
    world.due("report")
    world.run(10)
    kinds = {what.kind for _, what in world.history if isinstance(what, Record)}

    assert {Kind.JOB_STARTED, Kind.JOB_FAILED} <= kinds
    assert Kind.CRASH not in kinds
