"""What is run before the first worker of a generation, and when an app has come to rest."""

from dataclasses import replace

import pytest

from mainstay.core.app import Step
from mainstay.core.effects import Fork, Launch, Listen, Notify, RunStep, StartTemplate, StopStep
from mainstay.core.events import Kill, Stage
from mainstay.core.report import rows
from mainstay.core.steps import AFTER_STOP_TIMEOUT, fault_of
from mainstay.model.exits import Exited, Signaled, Unstarted
from tests.core.simulated import Code, Effort
from tests.core.specs import CRASHES, WEB, WILL_NOT_END, delete, job, reload, restart, scale, start, started, stop
from tests.core.world import EPOCH, World

MIGRATED = replace(WEB, before_start=("migrate", "up"))
CLEANED = replace(WEB, after_stop=("clean", "up"))
FAILS = Code(steps={stage: Effort(ending=Exited(4), lines=("no such table",)) for stage in Stage})
HANGS = Code(steps={stage: Effort(takes=None) for stage in Stage})


def kinds(world: World) -> list[type]:
    kinds = (RunStep, StartTemplate, Listen, Fork, Launch)
    return list(dict.fromkeys(type(effect) for effect in world.effects(*kinds)))


def stages(world: World) -> list[tuple[int, str]]:
    return [(run.generation, run.stage.value) for run in world.effects(RunStep) if isinstance(run, RunStep)]


def test_it_is_run_before_the_listeners_the_template_and_the_first_worker() -> None:
    world = started(MIGRATED)

    assert kinds(world) == [RunStep, Listen, StartTemplate, Fork]
    assert world.serving() == ["web-0@1", "web-1@1"]


@pytest.mark.parametrize("again", [reload(), restart("web")])
def test_it_is_run_once_for_each_generation_before_anything_of_it(again: object) -> None:
    world = started(MIGRATED)
    assert callable(again)
    reply = world.answer(again)

    assert reply.refusal is None
    assert stages(world) == [(1, "before_start"), (2, "before_start")]


def test_a_worker_that_is_replaced_and_more_instances_need_it_not_again() -> None:
    world = started(MIGRATED)
    world.crash("web-0")
    world.answer(scale("3"))
    world.answer(restart("web-1"))

    assert stages(world) == [(1, "before_start")]


def test_a_start_after_a_stop_runs_it_again() -> None:
    world = started(MIGRATED)
    world.answer(stop("web"))
    world.answer(start("web"))

    assert stages(world) == [(1, "before_start"), (2, "before_start")]


def test_the_one_who_waits_is_told_what_runs() -> None:
    world = started(MIGRATED)

    texts = [effect.text for effect in world.effects(Notify) if isinstance(effect, Notify)]
    assert texts[0] == "running before_start of web: migrate up"


def test_while_it_runs_the_app_is_launching() -> None:
    world = World()
    world.apply(MIGRATED)
    world.run(0.1)

    assert [row["status"] for row in rows(world.fleet, world.now, EPOCH)] == ["launching", "launching"]


def test_a_first_start_whose_command_fails_leaves_nothing_behind() -> None:
    world = World()
    world.code["web"] = FAILS
    reply = world.reply(world.apply(MIGRATED))

    assert reply.refusal is not None
    assert reply.refusal.message == "cannot start web: before_start: exit code 4"
    assert reply.refusal.lines == ("no such table",)
    assert (world.fleet.apps, world.sockets, world.effects(StartTemplate)) == ({}, {}, [])


def test_a_reload_whose_command_fails_is_refused_and_the_old_workers_serve_on() -> None:
    world = started(MIGRATED)
    world.code["web"] = FAILS
    refusal = world.answer(reload()).refusal

    assert refusal is not None
    assert refusal.message == "cannot reload web: before_start: exit code 4"
    assert refusal.hint == "what served before serves on"
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_restart_whose_command_fails_is_refused_and_the_old_workers_serve_on() -> None:
    world = started(MIGRATED)
    world.code["web"] = FAILS
    refusal = world.answer(restart("web")).refusal

    assert refusal is not None
    assert refusal.message == "cannot restart web: before_start: exit code 4"
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_start_of_a_stopped_app_whose_command_fails_leaves_it_stopped() -> None:
    world = started(MIGRATED)
    world.answer(stop("web"))
    world.code["web"] = FAILS

    assert world.answer(start("web")).refusal is not None
    assert world.statuses() == ["Stopped", "Stopped"]


def test_one_that_takes_too_long_is_ended_and_refused() -> None:
    world = World()
    world.code["web"] = HANGS
    refusal = world.reply(world.apply(replace(MIGRATED, before_start_timeout=5.0))).refusal

    assert refusal is not None
    assert refusal.message == "cannot start web: before_start: took longer than 5 s"
    assert refusal.hint == "raise before_start_timeout if it needs to"
    assert world.steps == {}


@pytest.mark.parametrize("asked", [stop("web"), delete("web"), Kill])
def test_a_stop_meanwhile_ends_it_and_is_answered_when_it_is_gone(asked: object) -> None:
    world = World()
    world.code["web"] = HANGS
    starting = world.apply(MIGRATED)
    world.run(1)
    assert callable(asked)
    reply = world.answer(asked)

    refusal = world.replies[starting].refusal
    assert refusal is not None
    assert refusal.message.startswith("cannot go on with web: it was ")
    assert (reply.refusal, world.steps, len(world.effects(StopStep))) == (None, {}, 1)
    assert reply.outcomes[0].outcome in ("stopped", "deleted")


def test_a_stop_during_the_command_of_a_reload_ends_both() -> None:
    world = started(MIGRATED)
    world.code["web"] = HANGS
    reloading = world.ask(reload())
    world.run(1)
    world.answer(stop("web"))

    assert world.replies[reloading].refusal is not None
    assert (world.processes, world.steps) == ({}, {})


def test_the_old_workers_are_replaced_when_they_crash_while_it_runs() -> None:
    world = started(MIGRATED)
    world.code["web"] = HANGS
    world.ask(reload())
    world.run(1)
    world.crash("web-0")
    world.run(1)

    assert world.serving() == ["web-0@1", "web-1@1"]


def test_what_is_run_after_a_stop_is_waited_for() -> None:
    world = started(CLEANED)
    reply = world.answer(stop("web"))

    assert stages(world) == [(1, "after_stop")]
    assert (reply.outcomes[0].outcome, world.steps) == ("stopped", {})


def test_after_a_deletion_it_is_run_as_well() -> None:
    world = started(CLEANED)
    world.answer(delete("web"))

    assert stages(world) == [(1, "after_stop")]
    assert world.fleet.apps == {}


def test_two_who_stop_at_once_have_it_run_once() -> None:
    world = started(CLEANED)
    first, second = world.ask(stop("web")), world.ask(delete("web"))
    world.reply(first)
    world.reply(second)

    assert stages(world) == [(1, "after_stop")]


def test_it_is_run_when_the_last_slot_is_stopped() -> None:
    world = started(CLEANED)
    world.answer(stop("web-0"))
    before = stages(world)
    world.answer(stop("web-1"))

    assert (before, stages(world)) == ([], [(1, "after_stop")])


@pytest.mark.parametrize("asked", [reload(), restart("web"), restart("web-0"), scale("1")])
def test_what_is_no_stop_does_not_run_it(asked: object) -> None:
    world = started(CLEANED)
    assert callable(asked)
    world.answer(asked)

    assert stages(world) == []


def test_a_start_that_is_taken_back_does_not_run_it() -> None:
    world = World()
    world.code["jobs"] = CRASHES
    world.reply(world.apply(replace(job(), after_stop=("clean",))))

    assert stages(world) == []


@pytest.mark.parametrize(
    ("code", "fault"), [(FAILS, "exit code 4"), (HANGS, f"took longer than {AFTER_STOP_TIMEOUT:g} s")]
)
def test_its_failure_is_said_and_blocks_nothing(code: Code, fault: str) -> None:
    world = started(CLEANED, code)
    reply = world.answer(stop("web"))

    assert reply.refusal is None
    assert (reply.outcomes[0].outcome, reply.outcomes[0].message) == ("stopped", f"after_stop: {fault}")
    assert (world.sockets, world.processes) == ({}, {})


def test_a_start_meanwhile_waits_for_it() -> None:
    world = started(CLEANED)
    world.ask(stop("web"))
    world.run_until(lambda: world.steps)
    reply = world.answer(start("web"))

    assert reply.refusal is None
    assert world.serving() == ["web-0@2", "web-1@2"]


def test_a_worker_that_must_be_killed_comes_before_it() -> None:
    world = started(CLEANED, WILL_NOT_END)

    assert world.answer(stop("web")).refusal is None
    assert stages(world) == [(1, "after_stop")]


def test_its_fault_is_why_we_ended_it_else_how_it_ended() -> None:
    step = Step(Stage.BEFORE_START, 1, 0.0)
    faults = [fault_of(step, ending) for ending in (Exited(0), Exited(1), Signaled(9), Unstarted("cannot run x"))]

    assert faults == ["", "exit code 1", "killed by SIGKILL", "cannot run x"]
    assert fault_of(replace(step, over="it was stopped meanwhile"), Signaled(15)) == "it was stopped meanwhile"
