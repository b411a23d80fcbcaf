"""One turn of an app: what is always true after it, and the order of its effects."""

from dataclasses import replace

from mainstay.core.app import App
from mainstay.core.effects import Accept, Fork, Launch, Listen, StartTemplate, Steer, StopTemplate, Tend, Terminate
from mainstay.core.events import Signal
from mainstay.core.turn import Turn
from mainstay.model.spec import Engine, PythonApp
from tests.core.specs import GOOD, PROXY, SLOW_TO_END, WEB, reload, scale, started, stop, web
from tests.core.world import World

GRANIAN = replace(WEB, program=PythonApp("shop.main:app", "/usr/bin/python3", engine=Engine.GRANIAN))


def test_a_turn_in_which_nothing_happens_has_no_effects_and_leaves_the_app_as_it_was() -> None:
    app = started(web(2)).fleet.apps["web"]
    after, effects, answers = Turn(app, 2000.0, 4).close()

    assert (after, effects, answers) == (app, [], [])


def test_what_was_said_once_is_not_said_again() -> None:
    world = started(web(2))
    world.answer(lambda token: Signal(token, ("web",), 10))
    world.run(100)
    steered = [effect.weights for effect in world.effects(Steer) if isinstance(effect, Steer)]
    receivers = [effect.receivers for effect in world.effects(Tend) if isinstance(effect, Tend)]

    assert len(world.effects(Accept)) == 2
    assert steered == [{0: 1, 2: 1}, {0: 1}, {0: 1, 2: 1}]
    assert receivers[-1] == tuple(sorted(world.processes))


def test_only_workers_of_ours_are_told_to_accept() -> None:
    assert started(PROXY).effects(Accept) == []


def test_a_first_start_binds_then_imports_once_then_forks_each_worker_with_its_own_listener() -> None:
    world = started(web(2))
    effects = world.effects(Listen, StartTemplate, Fork, Launch)

    assert [type(effect) for effect in effects] == [Listen, StartTemplate, Fork, Fork]
    assert [effect.listener for effect in effects if isinstance(effect, Fork)] == [0, 2]


def test_the_time_a_worker_took_to_get_ready_does_not_count_the_import() -> None:
    slow = replace(GOOD, load=20.0)
    slots = started(web(2), slow).fleet.apps["web"].slots.values()

    assert all(slot.ready_after < 1.0 for slot in slots)


def test_a_new_generation_takes_the_other_listener_of_its_slot() -> None:
    world = started(web(2))
    for _ in range(2):
        world.answer(reload())

    assert [effect.listener for effect in world.effects(Fork) if isinstance(effect, Fork)] == [0, 2, 1, 3, 0, 2]


def test_what_arrives_where_nobody_serves_is_handed_to_those_who_do() -> None:
    world = started(web(3))
    world.crash("web-1")
    sockets = world.sockets["web"]

    assert sockets.tended == {1, 2, 3, 5}
    assert [str(worker) for worker in sockets.receivers] == ["web-0@1", "web-2@1"]


def test_listeners_of_slots_that_are_gone_are_still_tended() -> None:
    world = started(web(3))
    world.answer(scale("1"))
    world.crash("web-0")
    world.run(1)

    assert world.sockets["web"].tended == {1, 2, 3, 4, 5}


def test_an_engine_that_takes_no_foreign_connections_is_handed_none() -> None:
    world = started(GRANIAN)
    world.crash("web-1")

    assert world.sockets["web"].receivers == ()
    assert world.sockets["web"].tended == frozenset()


def test_nobody_receives_once_the_last_who_could_is_on_its_way_out() -> None:
    world = started(web(1), SLOW_TO_END)
    world.reply(world.apply(replace(GRANIAN, instances=1)))

    assert world.sockets["web"].receivers == ()


def test_a_runtime_of_ours_is_asked_to_drain_and_any_other_program_with_its_whole_tree() -> None:
    ours, other = started(WEB), started(PROXY)
    ours.answer(stop("web"))
    other.answer(stop("proxy"))

    assert {effect.tree for effect in ours.effects(Terminate) if isinstance(effect, Terminate)} == {False}
    assert {effect.tree for effect in other.effects(Terminate) if isinstance(effect, Terminate)} == {True}


def test_a_worker_that_waits_for_its_template_is_ended_without_a_process() -> None:
    world = World()
    world.apply(web(2))
    world.run(0.1)
    world.answer(stop("web"))

    assert world.effects(Fork, Terminate) == []
    assert StopTemplate("web", 1) in world.effects(StopTemplate)


def test_a_template_whose_app_is_down_is_stopped() -> None:
    world = started(web(2))
    world.answer(stop("web"))

    assert world.effects(StopTemplate) == [StopTemplate("web", 1)]
    assert world.fleet.apps["web"].templates == {}


def test_specs_of_generations_that_are_gone_are_dropped() -> None:
    world = started(web(2))
    for _ in range(3):
        world.answer(reload())

    assert list(world.fleet.apps["web"].specs) == [4]


def test_a_turn_can_be_shown() -> None:
    assert repr(Turn(App("web", 0, 0, {0: WEB}), 0.0, 4)) == "<Turn web 0 effects>"
