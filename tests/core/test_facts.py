"""What happens to an app by itself, and when those who wait for it are answered."""

from dataclasses import replace

import pytest

from mainstay.core.effects import Fork, Launch, Notify, Record, StartTemplate
from mainstay.model.exits import Exited
from mainstay.model.spec import RestartOn
from tests.core.simulated import Behaviour, Code
from tests.core.specs import (
    COLD,
    CRASHES,
    GOOD,
    HANGS,
    JOBS,
    NEVER_READY,
    NO_IMPORT,
    SLOW_TO_END,
    WEB,
    job,
    restart,
    started,
    web,
)
from tests.core.world import World


def test_a_first_start_is_answered_when_every_worker_is_ready() -> None:
    world = World()
    world.code["web"] = Code(special={1: Behaviour(ready=3.0)})
    token = world.apply(web(2))
    world.run(3.0)
    early = token in world.replies
    reply = world.reply(token)

    assert not early
    assert reply.outcomes[0].outcome == "started"
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_those_who_wait_are_told_how_it_goes_on() -> None:
    world = started(web(2))
    texts = [effect.text for effect in world.effects(Notify) if isinstance(effect, Notify)]

    assert texts == ["importing web", "web-0 is ready (1 of 2)", "web-1 is ready (2 of 2)"]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (NO_IMPORT, "cannot start web: ModuleNotFoundError: No module named 'shop'"),
        (HANGS, "cannot start web: the import took longer than 30 s"),
        (CRASHES, "cannot start web: web-0: exit code 3, before it was ready"),
        (NEVER_READY, "cannot start web: web-0: not ready after 30 s, before it was ready"),
    ],
    ids=["import fails", "import hangs", "crashes", "never ready"],
)
def test_a_first_start_that_fails_is_taken_back_whole(code: Code, says: str) -> None:
    world = World()
    world.code["web"] = code
    reply = world.reply(world.apply(web(2)))

    assert reply.refusal is not None
    assert reply.refusal.message == says
    assert world.fleet.apps == {}
    assert (world.processes, world.templates, world.sockets) == ({}, {}, {})


def test_a_failed_start_is_answered_with_the_last_lines_only_when_its_processes_are_gone() -> None:
    world = World()
    world.code["web"] = Code(worker=SLOW_TO_END.worker, special={0: CRASHES.worker})
    token = world.apply(web(2))
    world.run(3)
    early = token in world.replies
    refusal = world.reply(token).refusal

    assert not early
    assert refusal is not None
    assert refusal.lines == ("ValueError: no",)
    assert world.processes == {}


def test_a_start_whose_address_is_taken_is_refused_with_who_has_it() -> None:
    world = World()
    world.taken.add("web")
    refusal = world.reply(world.apply(web(2))).refusal

    assert refusal is not None
    assert (refusal.message, refusal.hint) == ("cannot start web: the port is in use", "by nginx (pid 7)")
    assert world.effects(StartTemplate, Fork) == []
    assert world.fleet.apps == {}


def test_an_app_that_must_not_be_forked_starts_each_worker_on_its_own() -> None:
    world = started(web(2), COLD)
    records = [effect.text for effect in world.effects(Record) if isinstance(effect, Record)]

    assert len(world.effects(Launch)) == 2
    assert "workers of generation 1 start one by one: 2 threads are alive after the import" in records


def test_a_worker_has_its_whole_time_to_get_ready_after_a_long_import() -> None:
    world = started(replace(WEB, start_timeout=10.0), Code(load=9.0, worker=Behaviour(ready=9.0)))

    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_worker_that_dies_is_replaced_at_once_from_the_template() -> None:
    world = started(web(2))
    world.code["web"] = NO_IMPORT
    world.crash("web-0")
    without = world.serving()
    world.run(0.05)

    assert without == ["web-1@1"]
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_template_that_is_killed_while_its_app_serves_is_started_anew() -> None:
    world = started(web(2))
    world.run(20)
    world.crash_template("web")
    world.run(1)
    world.crash("web-0")
    world.run(0.05)

    assert world.serving() == ["web-0@1", "web-1@1"]
    assert len(world.effects(StartTemplate)) == 2


def test_a_template_that_keeps_dying_is_not_started_again_before_it_is_needed() -> None:
    world = started(web(2))
    for _ in range(2):
        world.crash_template("web")
        world.run(1)
    left = len(world.effects(StartTemplate))
    world.crash("web-0")
    world.run(1)

    assert left == 2
    assert len(world.effects(StartTemplate)) == 3
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_a_worker_that_cannot_be_replaced_since_the_code_is_broken_keeps_being_tried_with_waits() -> None:
    world = started(web(2))
    world.code["web"] = NO_IMPORT
    world.crash_template("web")
    world.run(1)
    world.crash("web-0")
    world.run(30)
    tries = len(world.effects(StartTemplate))
    world.code["web"] = GOOD
    world.run(60)

    assert 4 <= tries <= 14
    assert world.serving() == ["web-0@1", "web-1@1"]


@pytest.mark.parametrize(
    ("on", "status"), [(RestartOn.ALWAYS, "Starting"), (RestartOn.FAILURE, "Finished"), (RestartOn.NEVER, "Finished")]
)
def test_a_job_that_ends_with_0_is_followed_by_what_its_policy_says(on: RestartOn, status: str) -> None:
    world = started(job(on))
    world.crash("jobs-0", Exited(0))

    assert world.statuses("jobs") == [status]


def test_a_job_that_ends_well_before_anyone_could_see_it_ready_has_started() -> None:
    world = World()
    world.code["jobs"] = Code(worker=Behaviour(ready=None, dies=0.1, ending=Exited(0)))

    assert world.reply(world.apply(job(RestartOn.FAILURE))).refusal is None
    assert world.statuses("jobs") == ["Finished"]


def test_a_program_that_is_to_run_always_and_ends_with_0_has_not_started_and_the_hint_says_why() -> None:
    world = World()
    world.code["jobs"] = Code(worker=Behaviour(ready=None, dies=0.1, ending=Exited(0)))
    refusal = world.reply(world.apply(job())).refusal

    assert refusal is not None
    assert "--no-autorestart" in refusal.hint


def test_a_program_that_is_not_restarted_and_fails_has_not_started() -> None:
    world = World()
    world.code["jobs"] = CRASHES
    refusal = world.reply(world.apply(job(RestartOn.NEVER))).refusal

    assert refusal is not None
    assert refusal.lines == ("ValueError: no",)


def test_a_limit_of_tries_ends_the_trying() -> None:
    world = started(job(give_up_after=3))
    world.code["jobs"] = CRASHES
    world.crash("jobs-0")
    world.run(3600)

    assert world.statuses("jobs") == ["Failed"]
    assert len(world.effects(Launch)) == 4


def test_without_a_limit_the_trying_never_ends() -> None:
    world = started(job())
    world.code["jobs"] = CRASHES
    world.crash("jobs-0")
    world.run(3600)

    assert world.statuses("jobs") == ["Backoff"]
    assert 60 < len(world.effects(Launch)) < 90


def test_a_machine_that_slept_is_not_held_against_a_stop() -> None:
    world = started(web(2), SLOW_TO_END)
    token = world.ask(restart("web-0"))
    world.jump(3600)

    assert world.reply(token).refusal is None
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_each_end_is_written_down_with_its_cause() -> None:
    world = started(JOBS)
    world.crash("jobs-1")
    records = [effect.text for effect in world.effects(Record) if isinstance(effect, Record)]

    assert records[-1].startswith("jobs-1@1 (pid ")
    assert records[-1].endswith(") ended: killed by SIGKILL")
