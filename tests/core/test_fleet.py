"""All apps together: routing, queues, replies, and what is kept when the daemon is replaced."""

from dataclasses import replace

from mainstay.core.effects import Forget, Reply, Shutdown
from mainstay.core.events import BecameReady, Kill, Listening, Reload, Signal, Spawned, TemplateEnded, Tick
from mainstay.core.fleet import Fleet, deadline_of, step
from mainstay.model.codec import dump, load
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import TcpBind
from tests.core.specs import (
    CRASHES,
    GOOD,
    JOBS,
    NO_IMPORT,
    PROXY,
    SLOW_TO_END,
    WEB,
    WILL_NOT_END,
    delete,
    job,
    reload,
    restart,
    scale,
    start,
    started,
    stop,
    web,
)
from tests.core.world import World


def test_several_apps_start_side_by_side_and_one_reply_tells_of_all() -> None:
    world = World()
    reply = world.reply(world.apply(web(2), JOBS, PROXY))

    assert {(outcome.app, outcome.outcome) for outcome in reply.outcomes} == {
        ("web", "started"),
        ("jobs", "started"),
        ("proxy", "started"),
    }
    assert list(world.fleet.apps) == ["web", "jobs", "proxy"]


def test_one_app_that_does_not_start_takes_no_other_with_it() -> None:
    world = World()
    world.code["web"] = NO_IMPORT
    reply = world.reply(world.apply(web(2), JOBS))

    assert reply.refusal is not None
    assert {(outcome.app, outcome.outcome) for outcome in reply.outcomes} == {("web", "failed"), ("jobs", "started")}
    assert list(world.fleet.apps) == ["jobs"]


def test_two_apps_with_one_address_are_refused_by_name() -> None:
    world = started(web(2))
    refusal = world.reply(world.apply(replace(PROXY, binds=WEB.binds))).refusal

    assert refusal is not None
    assert refusal.message == "cannot start proxy: web has 127.0.0.1:8000"
    assert list(world.fleet.apps) == ["web"]


def test_any_number_of_apps_may_ask_for_any_free_port() -> None:
    free = (TcpBind("127.0.0.1", 0),)
    world = World()

    assert world.reply(world.apply(replace(WEB, binds=free), replace(PROXY, binds=free))).refusal is None


def test_an_unknown_name_is_refused_with_the_nearest_and_an_exit_code_of_its_own() -> None:
    refusal = started(web(2)).answer(stop("wbe")).refusal

    assert refusal is not None
    assert (refusal.message, refusal.hint, refusal.exit_code) == ("nothing is called 'wbe'", "did you mean web?", 3)


def test_slots_are_numbered_in_the_order_they_came_and_numbers_begin_anew_when_all_is_gone() -> None:
    world = started(web(2))
    world.reply(world.apply(JOBS))
    world.answer(scale("3"))
    numbers = world.fleet.apps["web"].numbers, world.fleet.apps["jobs"].numbers
    world.answer(delete("all"))
    world.reply(world.apply(JOBS))

    assert numbers == ({0: 0, 1: 1, 2: 4}, {0: 2, 1: 3})
    assert world.fleet.apps["jobs"].numbers == {0: 0, 1: 1}


def test_requests_for_one_app_are_carried_out_in_the_order_they_came() -> None:
    world = started(web(2))
    tokens = [world.ask(ask) for ask in (reload(), scale("3"), restart("web"), scale("1"))]
    world.reply(tokens[-1])

    assert [token for token in world.replies if token in tokens] == tokens
    assert world.serving() == ["web-0@3"]


def test_requests_for_other_apps_do_not_wait() -> None:
    world = started(web(2))
    world.reply(world.apply(JOBS))
    reloading = world.ask(reload())
    world.reply(world.ask(restart("jobs")))

    assert reloading not in world.replies


def test_a_stop_answers_what_had_queued_and_does_not_wait_for_it() -> None:
    world = started(web(2))
    tokens = [world.ask(reload()), world.ask(scale("4"))]
    world.answer(stop("web"))
    refusals = [world.replies[token].refusal for token in tokens]

    assert [refusal.message for refusal in refusals if refusal] == [
        "cannot go on with web: it was stopped meanwhile"
    ] * 2


def test_what_is_asked_of_an_app_that_is_being_deleted_is_refused_when_it_is_gone() -> None:
    world = started(web(2), SLOW_TO_END)
    deleting = world.ask(delete("web"))
    starting = world.ask(start("web"))
    refusal = world.reply(starting).refusal

    assert refusal is not None
    assert refusal.message == "cannot go on with web: it was deleted meanwhile"
    assert world.replies[deleting].refusal is None


def test_a_spec_that_is_applied_while_its_app_is_deleted_starts_it_anew() -> None:
    world = started(web(2), SLOW_TO_END)
    world.ask(delete("web"))
    token = world.apply(web(1))
    single = world.ask(stop("web-0"))

    assert world.reply(token).outcomes[0].outcome == "started"
    assert world.reply(single).refusal is None


def test_a_spec_that_waits_behind_a_start_that_fails_has_its_own_try() -> None:
    world = World()
    world.code["web"] = CRASHES
    first = world.apply(web(2))
    second = world.apply(web(1))
    world.run_until(lambda: world.processes)
    world.code["web"] = GOOD

    assert world.reply(second).refusal is None
    assert world.replies[first].refusal is not None
    assert len(world.serving()) == 1


def test_kill_ends_everything_and_then_the_daemon() -> None:
    world = started(web(2), WILL_NOT_END)
    world.reply(world.apply(JOBS, PROXY))
    world.answer(stop("jobs"))
    reply = world.answer(Kill)
    kinds = [type(what) for _, what in world.history if isinstance(what, Forget | Reply | Shutdown)]

    assert {outcome.app for outcome in reply.outcomes} == {"web", "jobs", "proxy"}
    assert (world.processes, world.templates, world.sockets) == ({}, {}, {})
    assert kinds[-2:] == [Reply, Shutdown]


def test_kill_with_nothing_running_ends_the_daemon_at_once() -> None:
    world = World()
    world.ask(Kill)

    assert world.down


def test_nothing_is_started_by_a_daemon_on_its_way_out_and_everyone_is_told() -> None:
    world = started(web(2), SLOW_TO_END)
    world.ask(Kill)
    tokens = [world.apply(JOBS), world.apply(web(3)), world.ask(reload()), world.ask(Kill)]
    world.run_until(lambda: world.down)
    world.run(1)

    assert [world.replies[token].refusal is None for token in tokens] == [False, False, False, True]
    assert world.fleet.apps["web"].revive == {0, 1}


def test_single_slots_cannot_be_deleted() -> None:
    world = started(web(2))
    refusal = world.answer(delete("web-1")).refusal

    assert refusal is not None
    assert refusal.exit_code == 2
    assert world.serving() == ["web-0@1", "web-1@1"]


def test_facts_about_what_nobody_knows_change_nothing() -> None:
    fleet = started(web(2)).fleet
    stranger = WorkerId(SlotId("gone", 0), 1, 1)

    for event in (Spawned(stranger, 7), BecameReady(stranger), TemplateEnded("gone", 1, "x"), Listening("gone", ())):
        assert step(fleet, event, 2000.0) == (fleet, [])
    assert step(fleet, TemplateEnded("web", 9, "x"), 2000.0) == (fleet, [])


def test_time_that_passes_with_nothing_due_changes_nothing() -> None:
    fleet = started(web(2)).fleet

    assert deadline_of(fleet) is None
    assert step(fleet, Tick(), 5000.0) == (fleet, [])


def test_a_signal_to_one_slot_reaches_only_its_worker() -> None:
    world = started(web(3))

    assert world.answer(lambda token: Signal(token, ("web-1",), 10)).outcomes[0].message == "1 workers"


def test_everything_known_survives_the_daemon_at_every_instant_of_a_busy_life() -> None:
    world = started(web(3), SLOW_TO_END)
    world.reply(world.apply(job(), PROXY))
    world.code["jobs"] = CRASHES
    for ask in (lambda token: Reload(token, ("web",), 10), scale("5"), restart("jobs"), stop("proxy")):
        world.ask(ask)
        for _ in range(30):
            world.run(0.05)
            kept = load(Fleet, dump(world.fleet))
            assert kept == world.fleet
            world.fleet = kept

    assert world.fleet.apps["web"].rollout is not None
