from dataclasses import replace

from mainstay.core.effects import (
    Accept,
    Forget,
    Fork,
    KillTree,
    Launch,
    Listen,
    Reply,
    StartTemplate,
    Steer,
    StopTemplate,
    Terminate,
)
from mainstay.core.events import Kill, Reload, Resurrect, Scale, Stop
from mainstay.core.fleet import Fleet
from mainstay.core.report import rows
from mainstay.core.resume import Found, Process, after_shutdown, take_over, unattended
from mainstay.core.slot import Backoff, Running, Starting, Stopped
from mainstay.model.codec import dump, load
from mainstay.model.spec import Command, Dependency
from tests.core.simulated import Behaviour, Code
from tests.core.specs import JOBS, SLOW_TO_END, WILL_NOT_END, delete, reload, restart, started, stop, web
from tests.core.world import World


def all_of(world: World) -> Found:
    """What a new daemon finds when nothing has ended."""
    born = {p.worker.token: Process(p.pid, 7) for p in world.processes.values() if p.pid}
    return Found(born, frozenset(world.templates))


def kinds(effects: list[object]) -> set[type]:
    return {type(effect) for effect in effects}


def test_nothing_is_started_or_ended_when_all_still_runs() -> None:
    world = started(web(2))
    world.reply(world.apply(JOBS))
    fleet, effects = take_over(world.fleet, all_of(world), world.now)

    assert not kinds(list(effects)) & {Fork, Launch, StartTemplate, StopTemplate, Terminate, KillTree, Reply}
    assert [slot.life for slot in fleet.apps["web"].slots.values()] == [
        slot.life for slot in world.fleet.apps["web"].slots.values()
    ]


def test_the_listeners_are_asked_for_again_and_the_workers_told_to_accept() -> None:
    world = started(web(2))
    _, effects = take_over(world.fleet, all_of(world), world.now)

    assert [effect.slots for effect in effects if isinstance(effect, Listen)] == [2]
    assert {str(effect.worker) for effect in effects if isinstance(effect, Accept)} == {"web-0@1", "web-1@1"}
    assert any(isinstance(effect, Steer) for effect in effects)


def test_a_worker_that_is_gone_is_replaced_like_any_that_crashed() -> None:
    world = started(web(2))
    found = all_of(world)
    lost = next(token for token in found.workers if token.startswith("web-1"))
    rest = {token: process for token, process in found.workers.items() if token != lost}
    fleet, effects = take_over(world.fleet, replace(found, workers=rest), world.now)

    assert isinstance(fleet.apps["web"].slots[0].life, Running)
    assert isinstance(fleet.apps["web"].slots[1].life, Starting)
    assert [str(effect.worker.slot) for effect in effects if isinstance(effect, Fork)] == ["web-1"]
    assert str(fleet.apps["web"].slots[1].exits[-1].ending) == "ended while no one was looking"


def test_a_worker_that_had_been_asked_for_and_is_nowhere_is_asked_for_again_and_is_no_crash() -> None:
    world = World()
    world.apply(replace(JOBS, instances=1))
    fleet, effects = take_over(world.fleet, Found({}), world.now)

    assert {str(effect.worker) for effect in effects if isinstance(effect, Launch)} == {"jobs-0@1"}
    assert fleet.apps["jobs"].slots[0].exits == ()


def test_one_of_our_runtime_that_left_before_it_was_ready_is_asked_for_again_and_is_no_crash() -> None:
    world = started(web(1))
    world.code["web"] = Code(worker=Behaviour(ready=5.0))
    world.ask(reload())
    world.run_until(lambda: any(token.startswith("web-0@2") for token in all_of(world).workers))
    found = all_of(world)
    rest = {token: process for token, process in found.workers.items() if not token.startswith("web-0@2")}
    fleet, effects = take_over(world.fleet, replace(found, workers=rest), world.now)

    assert [str(effect.worker) for effect in effects if isinstance(effect, Fork)] == ["web-0@2"]
    assert fleet.apps["web"].rollout is not None
    assert fleet.apps["web"].slots[0].exits == ()


def test_a_program_that_was_started_and_is_gone_before_it_was_ready_has_crashed() -> None:
    world = World()
    world.apply(replace(JOBS, instances=1))
    (process,) = world.processes.values()
    fleet, _ = take_over(world.fleet, Found({process.worker.token: Process(99, 7)}), world.now)
    assert isinstance(fleet.apps["jobs"].slots[0].life, Starting)
    fleet, effects = take_over(fleet, Found({}), world.now)

    assert Launch not in kinds(list(effects))
    assert "jobs" not in fleet.apps  # its first start has failed


def test_a_worker_whose_pid_was_not_written_down_is_known_by_its_name() -> None:
    world = World()
    world.apply(replace(JOBS, instances=1))
    (process,) = world.processes.values()
    fleet, effects = take_over(world.fleet, Found({process.worker.token: Process(99, 7)}), world.now)
    life = fleet.apps["jobs"].slots[0].life

    assert isinstance(life, Starting)
    assert (life.worker.pid, life.worker.born) == (99, 7)
    assert not any(isinstance(effect, Launch) for effect in effects)


def test_a_template_that_was_importing_and_is_gone_is_started_again() -> None:
    world = World()
    world.apply(web(2))
    _, effects = take_over(world.fleet, Found({}), world.now)

    assert [effect.generation for effect in effects if isinstance(effect, StartTemplate)] == [1]


def test_a_template_that_nobody_knows_is_ended() -> None:
    world = started(web(1))
    found = replace(all_of(world), templates=frozenset({("web", 1), ("web", 7), ("old", 1)}))
    _, effects = take_over(world.fleet, found, world.now)

    assert [(e.app, e.generation) for e in effects if isinstance(e, StopTemplate)] == [("old", 1), ("web", 7)]


def test_a_stop_and_a_kill_that_were_under_way_go_on() -> None:
    world = started(web(1), SLOW_TO_END)
    world.ask(stop("web"))
    _, effects = take_over(world.fleet, all_of(world), world.now)

    assert Terminate in kinds(list(effects))

    world = started(web(1), WILL_NOT_END)
    world.ask(stop("web"))
    world.jump(11.0)
    _, effects = take_over(world.fleet, all_of(world), world.now)

    assert KillTree in kinds(list(effects))


def test_a_reload_goes_on_in_the_new_daemon() -> None:
    world = started(web(3))
    world.ask(lambda token: Reload(token, ("web",)))
    world.run_until(lambda: "web-0@2" in world.serving())
    world.take_over()
    world.run(10)

    assert world.serving() == ["web-0@2", "web-1@2", "web-2@2"]


def test_a_slot_that_waits_for_its_next_try_waits_on() -> None:
    world = started(web(1))
    for _ in range(3):
        world.run_until(world.serving)
        world.crash("web-0")
    before = world.fleet.apps["web"].slots[0].life
    assert isinstance(before, Backoff)
    fleet, _ = take_over(world.fleet, all_of(world), world.now)

    assert fleet.apps["web"].slots[0].life == before
    assert fleet.deadlines["web"] == before.until


def test_after_a_shutdown_all_is_at_rest_and_what_was_up_is_to_be_revived() -> None:
    world = started(web(2))
    world.reply(world.apply(JOBS))
    world.answer(lambda token: Stop(token, ("jobs",)))
    fleet = after_shutdown(world.fleet)

    assert {app.name: app.revive for app in fleet.apps.values()} == {"web": {0, 1}, "jobs": frozenset()}
    assert all(slot.life == Stopped() and not slot.up for app in fleet.apps.values() for slot in app.slots.values())
    assert after_shutdown(fleet) == fleet
    assert load(Fleet, dump(fleet)) == fleet


def test_what_was_up_when_the_daemon_was_ended_is_started_again_and_the_rest_is_not() -> None:
    world = started(web(2))
    world.reply(world.apply(JOBS))
    world.answer(lambda token: Stop(token, ("jobs",)))
    world.answer(Kill)
    world.down = False
    world.fleet = after_shutdown(world.fleet)
    reply = world.answer(Resurrect)

    assert [outcome.app for outcome in reply.outcomes] == ["web"]
    assert len(world.serving("web")) == 2
    assert set(world.statuses("jobs")) == {"Stopped"}
    assert world.fleet.apps["web"].revive == frozenset()


def test_a_slot_that_was_stopped_by_itself_stays_so_over_a_shutdown() -> None:
    world = started(web(3))
    world.answer(stop("web-1"))
    world.answer(Kill)
    world.down = False
    world.fleet = after_shutdown(world.fleet)
    world.answer(Resurrect)

    assert world.statuses("web") == ["Running", "Stopped", "Running"]


def test_what_is_stopped_after_a_shutdown_is_not_revived() -> None:
    world = started(web(2))
    world.answer(Kill)
    world.down = False
    world.fleet = after_shutdown(world.fleet)
    world.answer(stop("web"))
    reply = world.answer(Resurrect)

    assert reply.outcomes == ()
    assert world.serving() == []


def test_each_slot_has_a_number_after_a_shutdown_in_the_middle_of_a_reload_to_more_of_them() -> None:
    world = started(web(2))
    world.apply(web(4))
    fleet = after_shutdown(world.fleet)

    assert sorted(fleet.apps["web"].numbers) == [0, 1, 2, 3]
    assert [row["id"] for row in rows(fleet, 0.0, 0.0)] == [0, 1, 2, 3]


def test_an_app_whose_deletion_was_all_but_done_is_gone() -> None:
    world = started(web(1), SLOW_TO_END)
    world.reply(world.apply(JOBS))
    world.ask(delete("web"))
    found = Found({token: p for token, p in all_of(world).workers.items() if not token.startswith("web")})
    fleet, effects = take_over(world.fleet, found, world.now)

    assert list(fleet.apps) == ["jobs"]
    assert "web" in [effect.app for effect in effects if isinstance(effect, Forget)]


def test_what_was_asked_of_the_daemon_before_is_no_answer_to_what_is_asked_of_this_one() -> None:
    world = started(web(2), Code(worker=Behaviour(ready=2.0)))
    world.ask(reload())
    fleet, _ = take_over(world.fleet, all_of(world), world.now)
    (wait,) = fleet.apps["web"].waits

    assert wait.token < -1
    assert unattended(fleet) == fleet


def test_apps_that_had_not_been_started_yet_are_started_in_order_by_the_next_daemon() -> None:
    db, cache = replace(JOBS, name="db", instances=1), replace(JOBS, name="cache", depends_on=(Dependency("db"),))
    edge = replace(JOBS, name="edge", program=Command(("edge",)), depends_on=(Dependency("cache"),))
    world = World()
    world.code["db"] = Code(worker=Behaviour(ready=3.0))
    world.apply(edge, cache, db)
    world.run(1)
    world.take_over()
    first = list(world.fleet.apps)
    world.run(10)

    assert first == ["db"]
    assert list(world.fleet.apps) == ["db", "cache", "edge"]
    assert set(world.statuses("edge")) == {"Running"}
    assert world.fleet.pending == {}


def test_apps_are_stopped_in_order_by_the_next_daemon() -> None:
    db, cache = replace(JOBS, name="db"), replace(JOBS, name="cache", depends_on=(Dependency("db"),))
    world = World()
    world.code["cache"] = SLOW_TO_END
    world.reply(world.apply(db, cache))
    world.ask(stop("all"))
    world.take_over()
    meanwhile = world.statuses("db")
    world.run(20)

    assert meanwhile == ["Running", "Running"]
    assert set(world.statuses("db")) == {"Stopped"}


def test_what_had_queued_is_done_by_the_next_daemon_and_answers_nobody() -> None:
    world = started(web(2))
    world.ask(reload())
    world.ask(lambda token: Scale(token, "web", "3"))
    replies = len(world.replies)
    world.take_over()
    world.run(30)

    assert len(world.serving()) == 3
    assert len(world.replies) == replies


def test_a_restart_whose_address_was_lost_with_the_daemon_goes_on() -> None:
    world = started(web(2))
    world.ask(restart("web"))
    world.taken.add("web")
    world.take_over()
    world.run(20)

    assert world.fleet.apps["web"].rollout is None
    assert sorted(world.fleet.apps["web"].slots) == [0, 1]


def test_what_goes_before_a_reload_that_failed_at_the_take_over_is_ended_and_the_next_one_waits_for_that() -> None:
    world = started(replace(web(2), before_start=("migrate",)))
    world.ask(reload())
    world.taken.add("web")
    world.take_over()
    world.taken.clear()
    token = world.ask(reload())
    reply = world.reply(token)

    assert reply.refusal is None
    assert world.steps == {}
    assert world.serving() == ["web-0@3", "web-1@3"]
