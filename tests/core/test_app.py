"""What can be read off an app: who serves, where connections go, when to look again."""

from mainstay.core.app import (
    SETTLE,
    App,
    Style,
    every_slot,
    has_processes,
    indexes,
    is_busy,
    is_down,
    listener_of,
    next_deadline,
    serving,
    slot_of,
    steering,
    workers,
)
from mainstay.core.rollout import reload_style
from mainstay.core.slot import Slot, deadline_of
from mainstay.model.ids import SlotId, WorkerId
from tests.core.specs import CRASHES, JOBS, PROXY, SLOW_TO_END, WEB, decide, job, reload, scale, started, stop, web
from tests.core.world import World


def app_of(world: World, name: str = "web") -> App:
    return world.fleet.apps[name]


def test_each_slot_has_two_listeners_so_that_old_and_new_never_share_one() -> None:
    assert [listener_of(Slot(SlotId("web", index), 1, side)) for index in (0, 1) for side in (0, 1)] == [0, 1, 2, 3]


def test_apps_that_share_our_listeners_overlap_and_others_go_one_by_one() -> None:
    assert [reload_style(spec) for spec in (WEB, PROXY, JOBS)] == [Style.OVERLAP, Style.OVERLAP, Style.ONE_BY_ONE]


def test_connections_go_to_the_slots_that_serve() -> None:
    world = started(web(3))
    world.crash("web-1")

    assert steering(app_of(world)) == {0: 1, 4: 1}
    assert set(serving(app_of(world)).values()) == {0, 4}


def test_where_nobody_serves_connections_wait_where_a_worker_will_come_first() -> None:
    world = started(web(2))
    world.crash("web-0")
    world.crash("web-1")

    assert serving(app_of(world)) == {}
    assert steering(app_of(world)) == {0: 1, 2: 1}


def test_a_canary_gets_its_share_and_the_others_the_rest_whatever_their_number() -> None:
    world = started(web(3))
    world.answer(reload(canary=25))
    weights = steering(app_of(world))

    assert weights.keys() == {0, 1, 2, 4}
    assert weights[1] / sum(weights.values()) == 0.25


def test_workers_that_leave_are_still_slots_of_the_app_and_can_be_found() -> None:
    world = started(web(2), SLOW_TO_END)
    world.ask(scale("1"))
    leaving = WorkerId(SlotId("web", 1), 1, 1)

    assert [str(slot.id) for slot in every_slot(app_of(world))] == ["web-0", "web-1"]
    assert slot_of(app_of(world), leaving) in app_of(world).leaving
    assert leaving in [worker.id for worker in workers(app_of(world))]
    assert indexes(app_of(world)) == {0, 1}


def test_an_app_is_busy_until_what_was_asked_for_is_done() -> None:
    world = started(web(2))
    idle = is_busy(app_of(world))
    token = world.ask(stop("web"))
    busy = is_busy(app_of(world))
    world.reply(token)

    assert (idle, busy, is_busy(app_of(world))) == (False, True, False)


def test_an_app_is_down_when_nothing_runs_and_nothing_will() -> None:
    world = started(job())
    up = is_down(app_of(world, "jobs"))
    world.code["jobs"] = CRASHES
    world.crash("jobs-0")
    world.run(1)
    waiting = is_down(app_of(world, "jobs"))
    world.answer(stop("jobs"))

    assert (up, waiting, is_down(app_of(world, "jobs"))) == (False, False, True)
    assert not has_processes(app_of(world, "jobs"))


def test_the_gatekeeper_is_looked_at_when_it_has_lived_for_a_moment() -> None:
    world = started(web(2))
    world.ask(reload())
    world.run(0.55)

    assert next_deadline(app_of(world)) == 1000.54 + 0.54 + SETTLE


def test_a_canary_that_holds_is_looked_at_only_when_something_happens() -> None:
    world = started(web(2))
    world.answer(reload(canary=10))
    world.run(60)
    holding = next_deadline(app_of(world))
    world.answer(decide(True))

    assert holding is None


def test_the_nearest_deadline_of_all_slots_counts() -> None:
    world = started(web(2), SLOW_TO_END)
    world.ask(stop("web-0"))
    slot = app_of(world).slots[0]

    assert next_deadline(app_of(world)) == deadline_of(slot) == world.now + 10.0
