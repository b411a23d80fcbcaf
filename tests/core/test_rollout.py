"""The replacing of an app's workers: with no gap, and back again when new code does not hold."""

from dataclasses import replace

import pytest

from mainstay.core.app import SETTLE
from mainstay.core.effects import Accept, Fork, Launch, Steer, StopTemplate, Terminate
from mainstay.core.events import Kill
from mainstay.model.exits import Exited
from mainstay.model.spec import Command, EnvLayer, RestartOn
from tests.core.simulated import Behaviour, Code
from tests.core.specs import (
    COLD,
    CRASHES,
    DIES_YOUNG,
    GOOD,
    HANGS,
    JOBS,
    NEVER_READY,
    NO_IMPORT,
    SLOW_TO_END,
    decide,
    delete,
    job,
    reload,
    scale,
    started,
    stop,
    web,
)

OLD = ["web-0@1", "web-1@1", "web-2@1", "web-3@1"]
NEW = ["web-0@2", "web-1@2", "web-2@2", "web-3@2"]
BAD = {
    "it does not import": (NO_IMPORT, "No module named 'shop'"),
    "its import hangs": (HANGS, "the import took longer than 30 s"),
    "it crashes before it is ready": (CRASHES, "web-0 ended: exit code 3, before it was ready"),
    "it is never ready": (NEVER_READY, "web-0 ended: not ready after 30 s"),
    "it dies half a second after it was ready": (DIES_YOUNG, "web-0 ended: exit code 1, 0.5 s after it was ready"),
}


def test_a_reload_replaces_every_worker() -> None:
    world = started(web(4))
    reply = world.answer(reload())

    assert reply.refusal is None
    assert [outcome.outcome for outcome in reply.outcomes] == ["reloaded"]
    assert world.serving() == NEW
    assert world.fleet.apps["web"].generation == 2


def test_the_first_new_worker_shows_that_it_holds_before_an_old_one_is_touched() -> None:
    world = started(web(4))
    world.ask(reload())
    world.run(0.5 + 0.04 + SETTLE - 0.01)
    before = (world.serving(), world.effects(Terminate))
    world.run(0.02)

    assert before == (OLD, [])
    assert world.serving() == ["web-0@2", *OLD[1:]]


def test_connections_are_steered_to_the_new_worker_before_the_old_one_is_asked_to_end() -> None:
    world = started(web(1))
    world.history.clear()
    world.answer(reload())
    kinds = [type(what) for _, what in world.history if isinstance(what, Accept | Steer | Terminate)]

    assert kinds == [Accept, Steer, Terminate]


@pytest.mark.parametrize("why", BAD)
def test_code_is_refused_when(why: str) -> None:
    code, says = BAD[why]
    world = started(web(4))
    world.code["web"] = code
    reply = world.answer(reload())

    assert reply.refusal is not None
    assert says in reply.refusal.message
    assert reply.refusal.exit_code == 1
    assert reply.refusal.lines == (code.worker.lines or reply.refusal.lines)
    assert world.serving() == OLD
    assert world.effects(Terminate) == [] or "web-0@1" not in str(world.effects(Terminate))


@pytest.mark.parametrize("why", BAD)
def test_an_old_worker_that_is_killed_after_a_refusal_is_healed_with_the_old_code_when(why: str) -> None:
    world = started(web(4))
    world.code["web"] = BAD[why][0]
    world.answer(reload())
    world.crash("web-2")
    world.run(0.05)

    assert world.serving() == OLD


@pytest.mark.parametrize("why", BAD)
def test_an_old_worker_that_is_killed_during_a_rollout_is_healed_with_the_old_code_when(why: str) -> None:
    world = started(web(4))
    world.code["web"] = BAD[why][0]
    token = world.ask(reload())
    world.run(0.55)
    world.crash("web-2@1")
    world.run(0.05)
    serving = world.serving()

    assert serving == OLD
    assert world.reply(token).refusal is not None


def test_a_worker_that_fails_is_not_started_a_second_time_only_to_be_ended() -> None:
    world = started(web(2))
    world.code["web"] = CRASHES
    world.history.clear()
    world.answer(reload())

    assert len(world.effects(Fork)) == 1


def test_a_failure_at_the_third_slot_puts_back_those_that_were_replaced() -> None:
    world = started(web(4))
    world.code["web"] = Code(special={2: CRASHES.worker})
    token = world.ask(reload())
    world.run_until(lambda: "web-1@2" in world.serving())
    reply = world.reply(token)

    assert reply.refusal is not None
    assert reply.refusal.message.startswith("cannot roll out generation 2 of web: web-2 ended: exit code 3")
    assert world.serving() == OLD
    assert world.fleet.apps["web"].generation == 1


def test_a_new_worker_that_dies_before_all_are_replaced_ends_the_rollout() -> None:
    world = started(web(4))
    world.code["web"] = Code(worker=Behaviour(ready=2.0))
    token = world.ask(reload())
    world.run_until(lambda: "web-1@2" in world.serving())
    world.crash("web-0@2")

    assert world.reply(token).refusal is not None
    assert world.serving() == OLD


def test_what_cannot_be_put_back_leaves_the_new_worker_serving() -> None:
    world = started(web(3), COLD)
    world.code["web"] = replace(COLD, special={1: CRASHES.worker})
    token = world.ask(reload())
    world.run_until(lambda: "web-0@2" in world.serving())
    world.code["web"] = replace(COLD, worker=CRASHES.worker)
    reply = world.reply(token)

    assert reply.refusal is not None
    assert world.serving() == ["web-0@2", "web-1@1", "web-2@1"]


def test_a_refused_reload_that_was_to_add_slots_leaves_the_number_of_slots_as_it_was() -> None:
    world = started(web(2))
    world.code["web"] = Code(special={3: CRASHES.worker})
    spec = replace(web(4), env=(EnvLayer("env", {"A": "1"}),))
    reply = world.reply(world.apply(spec))

    assert reply.refusal is not None
    assert world.serving() == OLD[:2]


def test_a_reload_to_fewer_slots_lets_the_last_ones_go() -> None:
    world = started(web(4))
    world.reply(world.apply(replace(web(2), env=(EnvLayer("env", {"A": "1"}),))))

    assert world.serving() == NEW[:2]


def test_several_slots_are_replaced_at_a_time_when_the_spec_says_so() -> None:
    world = started(replace(web(4), parallel=2))
    world.ask(reload())
    world.run(0.5 + 0.04 + SETTLE + 0.01)
    starting = [worker for worker in world.processes if worker.generation == 2 and worker.slot.index]

    assert len(starting) == 2


def test_the_template_of_the_old_code_lives_until_the_new_code_is_accepted() -> None:
    world = started(web(2))
    world.ask(reload())
    world.run_until(lambda: "web-0@2" in world.serving())
    between = sorted(world.templates)
    world.run_until(lambda: "web-1@2" in world.serving())

    assert between == [("web", 1), ("web", 2)]
    assert sorted(world.templates) == [("web", 2)]


def test_new_workers_start_on_their_own_when_the_new_code_must_not_be_forked() -> None:
    world = started(web(2))
    world.code["web"] = COLD
    world.answer(reload())

    assert world.serving() == NEW[:2]
    assert len(world.effects(Launch)) == 2


def test_the_death_of_the_new_template_does_not_end_a_rollout() -> None:
    world = started(web(2))
    token = world.ask(reload())
    world.run(0.52)
    world.crash_template("web", 2)

    assert world.reply(token).refusal is None
    assert world.serving() == NEW[:2]


def test_a_canary_holds_beside_the_old_workers_with_its_share() -> None:
    world = started(web(4))
    reply = world.answer(reload(canary=10))
    weights = world.sockets["web"].weights
    world.run(1000)

    assert reply.outcomes[0].outcome == "canary"
    assert world.serving() == ["web-0@1", "web-0@2", *OLD[1:]]
    assert weights[1] / sum(weights.values()) == pytest.approx(0.1)


def test_a_canary_goes_on_to_all_when_told_to() -> None:
    world = started(web(4))
    world.answer(reload(canary=10))
    reply = world.answer(decide(True))

    assert reply.refusal is None
    assert world.serving() == NEW


def test_a_canary_is_taken_back_when_told_to() -> None:
    world = started(web(4))
    world.answer(reload(canary=10))
    reply = world.answer(decide(False))

    assert (reply.refusal, reply.outcomes[0].outcome) == (None, "aborted")
    assert world.serving() == OLD
    assert 1 not in world.sockets["web"].weights


def test_a_canary_that_dies_is_taken_back_and_the_old_workers_serve_on() -> None:
    world = started(web(4))
    world.answer(reload(canary=10))
    world.crash("web-0@2")
    world.run(5)

    assert world.serving() == OLD
    assert world.fleet.apps["web"].rollout is None
    assert world.answer(decide(True)).refusal is not None
    assert world.answer(reload()).refusal is None


def test_a_canary_outlives_the_death_of_its_template() -> None:
    world = started(web(2))
    world.answer(reload(canary=10))
    world.crash_template("web", 2)
    token = world.ask(decide(True))

    assert world.reply(token).refusal is None
    assert world.serving() == NEW[:2]


def test_nothing_else_is_done_to_an_app_whose_canary_holds() -> None:
    world = started(web(4))
    world.answer(reload(canary=10))
    refused = [world.answer(ask).refusal for ask in (reload(), scale("5"))]

    assert all(refusal and "holds a canary" in refusal.message for refusal in refused)


def test_requests_that_came_before_a_canary_held_are_answered_when_it_does() -> None:
    world = started(web(4))
    world.ask(reload(canary=10))
    tokens = [world.ask(scale("5")), world.ask(reload())]
    refusals = [world.reply(token, 10).refusal for token in tokens]

    assert all(refusal and "holds a canary" in refusal.message for refusal in refusals)


def test_a_canary_of_a_program_that_binds_by_itself_is_refused() -> None:
    refusal = started(JOBS).answer(reload("jobs", canary=10)).refusal

    assert refusal is not None
    assert refusal.exit_code == 2


def test_a_stop_during_a_reload_ends_old_and_new_and_both_are_answered() -> None:
    world = started(web(4))
    rolling = world.ask(reload())
    world.run_until(lambda: "web-0@2" in world.serving())
    stopping = world.ask(stop("web"))

    assert world.reply(stopping).outcomes[0].outcome == "stopped"
    assert world.replies[rolling].refusal is not None
    assert world.processes == {}
    assert world.statuses() == ["Stopped"] * 4


def test_of_two_reloads_at_once_the_second_comes_after_the_first() -> None:
    world = started(web(2))
    first = world.ask(reload())
    world.code["web"] = NO_IMPORT
    second = world.ask(reload())

    assert world.reply(second).refusal is not None
    assert world.replies[first].refusal is None
    assert world.serving() == NEW[:2]


def test_programs_that_bind_by_themselves_are_replaced_one_by_one() -> None:
    world = started(job(instances=3))
    token = world.ask(reload("jobs"))
    least = 3
    while token not in world.replies:
        world.run(0.01)
        least = min(least, sum(process.ready for process in world.processes.values()))

    assert world.replies[token].refusal is None
    assert {worker.generation for worker in world.processes} == {2}
    assert least == 2


@pytest.mark.parametrize("code", [CRASHES, DIES_YOUNG, NEVER_READY], ids=["crashes", "dies young", "never ready"])
def test_a_program_that_does_not_hold_is_put_back_by_the_old_one(code: Code) -> None:
    world = started(job(instances=3))
    world.code["jobs"] = code
    token = world.apply(replace(job(instances=3), program=Command(("sleep", "broken"))))
    world.run_until(lambda: any(worker.generation == 2 for worker in world.processes))
    world.code["jobs"] = GOOD
    reply = world.reply(token)
    world.run(1)

    assert reply.refusal is not None
    assert sorted(str(worker) for worker in world.processes) == ["jobs-0@1", "jobs-1@1", "jobs-2@1"]


def test_a_reload_of_jobs_that_end_well_is_no_failure() -> None:
    world = started(job(RestartOn.FAILURE, 2))
    world.code["jobs"] = Code(worker=Behaviour(dies=0.1, ending=Exited(0)))
    reply = world.answer(reload("jobs"))
    world.run(1)

    assert reply.refusal is None
    assert world.statuses("jobs") == ["Finished", "Finished"]


def test_a_number_in_the_list_stays_with_its_slot_through_reloads() -> None:
    world = started(job(instances=3))
    world.reply(world.apply(web(2)))
    before = world.fleet.apps["jobs"].numbers, world.fleet.apps["web"].numbers
    world.code["jobs"] = SLOW_TO_END
    for app in ("jobs", "web"):
        world.answer(reload(app))

    assert (world.fleet.apps["jobs"].numbers, world.fleet.apps["web"].numbers) == before


def test_a_delete_and_a_kill_in_the_middle_of_a_rollout_leave_nothing() -> None:
    for end in (delete("web"), Kill):
        world = started(web(4))
        world.ask(reload())
        world.run_until(lambda world=world: "web-1@2" in world.serving())  # type: ignore[misc]  # bound at once
        world.answer(end)

        assert (world.processes, world.templates, world.sockets) == ({}, {}, {})


def test_a_template_is_stopped_when_what_it_loaded_is_refused() -> None:
    world = started(web(2))
    world.code["web"] = CRASHES
    world.answer(reload())

    assert StopTemplate("web", 2) in world.effects(StopTemplate)
    assert sorted(world.templates) == [("web", 1)]


def test_an_app_that_keeps_crashing_is_healed_by_a_reload_to_good_code() -> None:
    world = started(web(2))
    for code in (CRASHES, GOOD):
        world.code["web"] = code
        world.crash_template("web")
        for slot in ("web-0", "web-1"):
            if any(str(process.worker.slot) == slot for process in world.processes.values()):
                world.crash(slot)
        world.run(3)
    world.answer(reload())

    assert world.serving() == ["web-0@2", "web-1@2"]
