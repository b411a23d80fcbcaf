"""One worker is replaced by another of its generation, and whatever happens meanwhile does the right thing."""

from dataclasses import replace
from itertools import pairwise

from mainstay.core.app import is_healthy
from mainstay.core.effects import Fork, KillTree, Launch, Record, Terminate
from mainstay.core.events import Cause, Extend, NotYet, Unfit
from mainstay.core.policy import REST, RETRY
from mainstay.core.report import describe, rows
from mainstay.core.slot import Running, Slot
from mainstay.model.happening import Kind
from mainstay.model.ids import SlotId, WorkerId
from mainstay.model.spec import AppSpec, Limits
from tests.core.simulated import Behaviour, Code
from tests.core.specs import (
    CRASHES,
    GOOD,
    NEVER_READY,
    PROXY,
    SLOW_TO_END,
    decide,
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
from tests.core.world import EPOCH, World

SLOW = Code(worker=Behaviour(ready=2.0))


def pids(world: World, app: str = "web") -> list[int]:
    """The pids of the workers that serve, by slot."""
    serving = [p for p in world.processes.values() if p.worker.slot.app == app and p.serves]
    return [p.pid for p in sorted(serving, key=lambda p: p.worker.slot)]


def slot(world: World, index: int = 0, app: str = "web") -> Slot:
    """A slot as the core has it."""
    return world.fleet.apps[app].slots[index]


def marks(world: World, app: str = "web") -> list[object]:
    """What is shown beside the statuses."""
    return [row["marks"] for row in rows(world.fleet, world.now, EPOCH) if row["app"] == app]


def test_an_unfit_worker_is_replaced_by_one_that_is_ready_before_it_is_asked_to_end() -> None:
    world = started(web(2))
    before = pids(world)
    old = world.tire("web-0")
    world.run(5)
    effects = world.effects(Fork, Terminate)

    assert pids(world)[0] != before[0]
    assert pids(world)[1] == before[1]
    assert [type(effect) for effect in effects] == [Fork, Fork, Fork, Terminate]
    assert effects[-1].worker == old  # type: ignore[union-attr]
    assert {p.worker.generation for p in world.processes.values()} == {1}
    assert slot(world).restarts == 1


def test_the_new_worker_takes_the_other_listener_and_the_one_after_it_the_first_again() -> None:
    world = started(web(1))
    for _ in range(2):
        world.tire("web-0", Cause.AGE)
        world.run(5)

    assert [effect.listener for effect in world.effects(Fork) if isinstance(effect, Fork)] == [0, 1, 0]


def test_the_history_tells_why_a_worker_was_replaced() -> None:
    world = started(web(1))
    world.tire("web-0", Cause.MEMORY, "its memory is over its limit")
    world.run(5)
    (last,) = slot(world).exits
    shown = describe(world.fleet.apps["web"], world.fleet, world.now, EPOCH)

    assert (last.asked, last.why) == (True, "its memory is over its limit")
    assert "replaced: its memory is over its limit" in str(shown["slots"])


def test_slots_are_refreshed_one_at_a_time() -> None:
    world = started(web(3), SLOW)
    for index in range(3):
        world.tire(f"web-{index}", Cause.AGE)
    world.run(1)

    assert len(world.processes) == 4
    world.run(20)
    assert len(world.effects(Fork)) == 6


def test_when_the_new_worker_fails_the_old_one_serves_on_and_it_is_tried_again_ever_more_slowly() -> None:
    world = started(web(1), replace(GOOD, special={0: GOOD.worker}))
    world.templates["web", 1].code = CRASHES
    before = pids(world)
    world.tire("web-0")
    times = []
    for _ in range(5):
        forks = len(world.effects(Fork))
        world.run_until(lambda seen=forks: len(world.effects(Fork)) > seen)  # type: ignore[misc]
        times.append(world.now)
    waits = [later - sooner for sooner, later in pairwise(times)]

    assert pids(world) == before
    assert waits == sorted(waits)
    assert waits[0] >= RETRY
    assert waits[-1] >= 8 * RETRY
    assert slot(world).exits[-1].lines == ("ValueError: no",)


def test_a_new_worker_that_does_not_get_ready_is_ended_and_the_old_one_stays() -> None:
    world = started(replace(web(1), start_timeout=3.0))
    world.templates["web", 1].code = NEVER_READY
    before = pids(world)
    world.tire("web-0")
    world.run(3.5)

    assert pids(world) == before
    assert len(world.processes) == 1


def test_what_has_to_be_replaced_again_and_again_has_a_rest_between() -> None:
    world = started(web(1))
    for _ in range(3):
        world.tire("web-0")
        world.run(1)
    assert len(world.effects(Fork)) == 2

    world.run(REST + 1)
    assert len(world.effects(Fork)) == 3


def test_a_worker_that_is_well_again_stays() -> None:
    world = started(web(1), SLOW)
    before = pids(world)
    old = world.tire("web-0")
    assert marks(world)[0] == ["unhealthy"]
    assert not is_healthy(world.fleet.apps["web"])

    world.run(0.5)
    world.heal(old)
    world.run(10)

    assert pids(world) == before
    assert marks(world) == [[]]
    assert is_healthy(world.fleet.apps["web"])


def test_an_unfit_worker_that_crashes_is_started_anew_and_not_replaced_as_well() -> None:
    world = started(web(1), SLOW)
    world.tire("web-0")
    world.run(0.5)
    world.crash("web-0")
    world.run(20)

    assert len(pids(world)) == 1
    assert world.fleet.apps["web"].unfit == ()
    assert len(world.processes) == 1


def test_a_stop_in_the_middle_ends_both() -> None:
    for ask in (stop("web"), stop("web-0"), delete("web")):
        world = started(web(1), SLOW)
        world.tire("web-0")
        world.run(0.5)
        assert len(world.processes) == 2

        assert world.answer(ask).refusal is None
        world.run(20)
        assert not world.processes


def test_what_people_ask_for_goes_first() -> None:
    for ask in (reload(), restart("web"), restart("web-0"), scale("3"), scale("1"), start("web")):
        world = started(web(2), SLOW)
        world.tire("web-1")
        world.run(0.5)

        reply = world.answer(ask)
        assert reply.refusal is None
        world.run(30)
        assert len(pids(world)) == len(world.fleet.apps["web"].slots)
        assert world.fleet.apps["web"].refresh is None
        assert world.fleet.apps["web"].unfit == ()


def test_a_refresh_waits_for_a_canary_to_be_decided_on() -> None:
    world = started(web(2))
    assert world.answer(reload(canary=10)).outcomes[0].outcome == "canary"
    before = pids(world)
    world.tire("web-1@1")
    world.run(30)
    assert pids(world) == before

    world.answer(decide(False))
    world.run(5)
    assert pids(world)[0] != before[0] or pids(world)[-1] != before[-1]


def test_what_binds_by_itself_ends_before_it_starts_anew_one_slot_at_a_time() -> None:
    world = started(job(instances=2))
    first = world.find("jobs-0")
    for index in range(2):
        world.send(Unfit(WorkerId(SlotId("jobs", index), 1, 1), Cause.HEALTH, "no answer"))
    world.run(0.01)
    assert [p.asked_to_end for p in world.processes.values()] == [True, False]

    world.run(10)
    kinds = [type(effect) for effect in world.effects(Launch, Terminate)]
    assert kinds == [Launch, Launch, Terminate, Launch, Terminate, Launch]
    assert first not in world.processes
    assert [s.exits[-1].why for s in world.fleet.apps["jobs"].slots.values()] == ["no answer", "no answer"]


def test_a_program_that_inherits_its_listener_is_replaced_without_a_gap() -> None:
    world = started(PROXY)
    world.tire("proxy-0")
    world.run(5)

    assert [type(effect) for effect in world.effects(Launch, Terminate)] == [Launch, Launch, Launch, Terminate]


def test_a_worker_is_replaced_when_it_has_lived_long_enough_and_not_all_at_once() -> None:
    world = started(replace(web(4), limits=Limits(lifetime=100.0)))
    world.run(89)
    assert len(world.effects(Fork)) == 4

    world.run(12)
    assert len(world.effects(Fork)) == 8
    times = [at for at, what in world.history if isinstance(what, Fork)][4:]
    assert len(set(times)) == 4


def test_a_worker_that_is_stuck_is_killed_at_once_and_connections_go_elsewhere_before() -> None:
    world = started(web(2))
    stuck = world.block("web-0")
    assert world.effects(KillTree) == [KillTree(stuck)]
    assert world.sockets["web"].weights == {2: 1}
    assert 0 in world.sockets["web"].tended

    world.run(1)
    assert len(pids(world)) == 2
    assert str(slot(world).exits[-1].ending) == "event loop blocked for 30 s"
    assert not slot(world).exits[-1].asked


def test_a_start_that_takes_too_long_says_what_the_check_was_answered() -> None:
    world = World()
    world.code["web"] = NEVER_READY
    spec: AppSpec = replace(web(1), start_timeout=2.0)
    token = world.apply(spec)
    world.run(1)
    (worker,) = world.processes
    world.send(NotYet(worker, "its health check says: /health: status 503"))

    refusal = world.reply(token).refusal
    assert refusal is not None
    assert "not ready after 2 s: its health check says: /health: status 503" in refusal.message


def test_what_is_said_of_a_worker_that_is_gone_changes_nothing() -> None:
    world = started(web(1), SLOW_TO_END)
    gone = world.crash("web-0")
    world.run(1)
    before = world.fleet
    world.send(Unfit(gone, Cause.MEMORY, "too large"))
    world.heal(gone)

    assert world.fleet == before
    assert isinstance(slot(world).life, Running)


def test_a_worker_that_asks_for_more_time_gets_it_from_when_it_asked() -> None:
    world = World()
    world.code["web"] = Code(worker=Behaviour(ready=5.0))
    token = world.apply(replace(web(1), start_timeout=2.0))
    world.run(1.9)
    (worker,) = world.processes
    world.send(Extend(worker, 4.0))

    assert world.reply(token).refusal is None


def test_a_worker_that_got_old_before_a_rollout_accepted_it_is_seen_at_once() -> None:
    world = started(replace(job(), limits=Limits(lifetime=5.0)))
    world.ask(reload("jobs"))
    world.run(0.3)
    world.jump(100)

    assert world.fleet.apps["jobs"].refresh is not None
    world.run(1)
    assert slot(world, 0, "jobs").exits[-1].why == "it has lived for its 5 s"


def test_a_stop_in_a_restart_in_a_refresh_ends_both_workers_of_the_slot() -> None:
    world = started(PROXY)
    world.run(30)
    world.tire("proxy-1")
    world.run(0.02)
    world.ask(restart("proxy"))
    world.answer(stop("proxy"))

    assert world.processes == {}
    assert set(world.statuses("proxy")) == {"Stopped"}


def test_what_is_wrong_with_a_worker_is_told_as_what_it_is() -> None:
    world = started(web(2))
    first, second = sorted(world.processes)
    world.send(Unfit(first, Cause.HEALTH, "unhealthy: /healthz: status 500"))
    world.run(30)
    world.send(Unfit(second, Cause.MEMORY, "it takes 600 MiB"))
    world.run(30)
    kinds = [what.kind for _, what in world.history if isinstance(what, Record)]

    assert [kind for kind in kinds if kind in (Kind.UNHEALTHY, Kind.OVER_LIMIT)] == [Kind.UNHEALTHY, Kind.OVER_LIMIT]
