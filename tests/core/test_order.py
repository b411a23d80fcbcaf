"""Who waits for whom when several apps are started, changed or stopped at once."""

from dataclasses import replace

import pytest

from mainstay.core.app import is_healthy
from mainstay.core.effects import Launch, Notify, Refusal, Terminate
from mainstay.core.events import Kill
from mainstay.core.fleet import Fleet
from mainstay.core.order import cycle, is_started
from mainstay.model.codec import dump, load
from mainstay.model.exits import Exited
from mainstay.model.spec import AppSpec, Command, Condition, Dependency, Restart, RestartOn
from tests.core.simulated import Behaviour, Code
from tests.core.specs import CRASHES, NEVER_READY, delete, restart, start, stop
from tests.core.world import World

SLOW = Code(worker=Behaviour(ready=2.0))


def app(name: str, *needs: str, **changes: object) -> AppSpec:
    """A program that depends on others."""
    spec = AppSpec(name, Command((name,)), "/srv", depends_on=tuple(Dependency(need) for need in needs))
    return replace(spec, **changes)  # type: ignore[arg-type]


DB, CACHE, WEB, EDGE = app("db"), app("cache"), app("web", "db", "cache"), app("edge", "web")
CHAIN = (EDGE, WEB, CACHE, DB)


def running(*specs: AppSpec) -> World:
    world = World()
    assert world.reply(world.apply(*specs)).refusal is None
    return world


def order_of(world: World, kind: type[Launch] | type[Terminate]) -> list[str]:
    return [effect.worker.slot.app for effect in world.effects(kind) if isinstance(effect, Launch | Terminate)]


def notices(world: World) -> list[str]:
    return [effect.text for effect in world.effects(Notify) if isinstance(effect, Notify)]


def refusal(world: World, *specs: AppSpec) -> Refusal:
    found = world.reply(world.apply(*specs)).refusal
    assert found is not None
    return found


def test_an_app_starts_when_those_it_depends_on_are_ready() -> None:
    world = World()
    world.code |= {"db": SLOW, "web": SLOW}
    token = world.apply(*CHAIN)
    world.run_until(lambda: "web" in order_of(world, Launch))
    at_web = is_started(world.fleet.apps["db"]) and is_started(world.fleet.apps["cache"])
    reply = world.reply(token)

    assert at_web
    assert order_of(world, Launch) == ["cache", "db", "web", "edge"]
    assert (reply.refusal, {outcome.outcome for outcome in reply.outcomes}) == (None, {"started"})


def test_independent_apps_start_at_the_same_time() -> None:
    world = World()
    world.code |= {"db": SLOW, "cache": SLOW}
    world.apply(*CHAIN)
    world.run(0.1)

    assert order_of(world, Launch) == ["cache", "db"]


def test_who_waits_for_whom_is_told() -> None:
    world = running(*CHAIN)

    assert notices(world)[:2] == ["edge waits for web", "web waits for db and cache"]


def test_the_apps_that_are_started_again_together_keep_the_order() -> None:
    world = running(*CHAIN)
    world.answer(stop("all"))
    before = len(order_of(world, Launch))
    world.answer(start("all"))

    assert sorted(order_of(world, Launch)[before : before + 2]) == ["cache", "db"]
    assert order_of(world, Launch)[before + 2 :] == ["web", "edge"]


def test_a_dependency_that_fails_refuses_those_that_depend_on_it_and_no_others() -> None:
    world = World()
    world.code["db"] = CRASHES
    reply = world.reply(world.apply(*CHAIN))

    assert reply.refusal is not None
    assert reply.refusal.message.splitlines()[1:] == [
        "cannot start web: db, which it depends on, did not start",
        "cannot start edge: web, which it depends on, did not start",
    ]
    assert list(world.fleet.apps) == ["cache"]


def test_a_dependency_that_runs_already_is_looked_at_as_it_is() -> None:
    world = running(DB, CACHE)

    assert world.reply(world.apply(WEB)).refusal is None
    assert order_of(world, Launch) == ["db", "cache", "web"]


def test_a_dependency_that_is_stopped_is_started_too() -> None:
    world = running(*CHAIN)
    world.answer(stop("all"))
    before = len(order_of(world, Launch))
    reply = world.answer(start("web"))

    assert sorted(order_of(world, Launch)[before:-1]) == ["cache", "db"]
    assert {o.app: o.message for o in reply.outcomes} == {
        "db": "web depends on it",
        "cache": "web depends on it",
        "web": "",
    }


def test_what_a_stopped_dependency_depends_on_is_started_as_well() -> None:
    world = running(*CHAIN)
    world.answer(stop("all"))
    reply = world.answer(start("edge"))

    assert sorted(outcome.app for outcome in reply.outcomes) == ["cache", "db", "edge", "web"]


def test_a_dependency_that_does_not_exist_is_named() -> None:
    world = World()

    assert refusal(world, WEB, CACHE).message == "cannot start web: it depends on db, and there is no such app"
    assert list(world.fleet.apps) == ["cache"]


def test_a_dependency_that_does_not_come_is_not_waited_for_for_ever() -> None:
    world = running(DB, CACHE)
    world.code["db"] = NEVER_READY
    world.crash("db-0")

    assert refusal(world, WEB).message == "cannot start web: it has waited for db for 30 s"


def test_one_that_is_meant_to_finish_must_have_finished_well() -> None:
    world = World()
    migrate = app("migrate", restart=Restart(on=RestartOn.NEVER))
    world.code["migrate"] = Code(worker=Behaviour(dies=50.0, ending=Exited(0)))
    token = world.apply(app("web", "migrate"), migrate)
    world.run(40)
    before = order_of(world, Launch)
    reply = world.reply(token)

    assert (before, order_of(world, Launch)) == (["migrate"], ["migrate", "web"])
    assert reply.refusal is None


def test_one_that_is_meant_to_finish_and_fails_refuses_the_others() -> None:
    world = World()
    migrate = app("migrate", restart=Restart(on=RestartOn.NEVER))
    world.code["migrate"] = Code(worker=Behaviour(dies=5.0, ending=Exited(3)))

    message = refusal(world, app("web", "migrate"), migrate).message
    assert message == "cannot start web: migrate, which it depends on, ended: exit code 3"


def test_apps_that_depend_on_each_other_are_refused_by_name() -> None:
    world = World()

    message = refusal(world, app("a", "b"), app("b", "c"), app("c", "a"), app("d")).message
    assert message.splitlines()[0] == "cannot start a: a -> b -> c -> a depend on each other"
    assert list(world.fleet.apps) == ["d"]


def test_a_circle_with_what_runs_is_seen() -> None:
    world = running(app("a"), app("b", "a"))

    assert "a -> b -> a depend on each other" in refusal(world, app("a", "b")).message
    assert cycle(world.fleet.apps, ()) == ()
    assert cycle({}, (app("a", "a"),)) == ("a", "a")


@pytest.mark.parametrize("asked", [stop("all"), delete("all"), Kill])
def test_dependents_are_stopped_before_what_they_depend_on(asked: object) -> None:
    world = running(*CHAIN)
    assert callable(asked)
    reply = world.answer(asked)

    assert reply.refusal is None
    assert order_of(world, Terminate)[:2] == ["edge", "web"]
    assert sorted(order_of(world, Terminate)[2:]) == ["cache", "db"]


def test_a_restart_of_all_restarts_what_others_depend_on_first() -> None:
    world = running(*CHAIN)
    before = len(order_of(world, Launch))
    world.answer(restart("all"))

    assert sorted(order_of(world, Launch)[before : before + 2]) == ["cache", "db"]
    assert order_of(world, Launch)[before + 2 :] == ["web", "edge"]


def test_stopping_only_a_dependency_names_who_runs_on() -> None:
    world = running(*CHAIN, app("jobs", "db"))

    (outcome,) = world.answer(stop("db")).outcomes
    assert outcome.message == "jobs, web depend on it and run on"
    (outcome,) = world.answer(delete("web")).outcomes
    assert outcome.message == "edge depends on it and runs on"


def test_stopping_an_app_that_waits_gives_it_up() -> None:
    world = World()
    world.code["db"] = SLOW
    starting = world.apply(DB, app("web", "db"))
    world.run(0.1)
    reply = world.answer(stop("web"))
    refused = world.reply(starting)

    assert reply.outcomes[0].message == "it had not been started"
    assert refused.refusal is not None
    assert refused.refusal.message == "cannot go on with web: it was stopped meanwhile"
    assert list(world.fleet.apps) == ["db"]


def test_stopping_what_is_waited_for_gives_up_what_waits() -> None:
    world = World()
    world.code["db"] = SLOW
    starting = world.apply(DB, app("web", "db"))
    world.run(0.1)
    world.answer(stop("db"))

    reply = world.reply(starting)
    assert reply.refusal is not None
    assert "cannot start web: db, which it depends on, did not start" in reply.refusal.message


def test_a_change_of_both_is_made_in_order() -> None:
    world = running(DB, app("web", "db"))
    before = len(order_of(world, Launch))
    world.reply(world.apply(app("web", "db", cwd="/new"), replace(DB, cwd="/new")))

    assert order_of(world, Launch)[before:] == ["db", "web"]


def test_what_runs_is_changed_though_what_it_depends_on_is_gone() -> None:
    world = running(DB, app("web", "db"))
    world.answer(delete("db"))

    assert world.reply(world.apply(app("web", "db", cwd="/new"))).refusal is None


def test_what_waits_survives_a_new_daemon() -> None:
    world = World()
    world.code["db"] = SLOW
    token = world.apply(*CHAIN)
    world.run(0.1)
    fleet = load(Fleet, dump(world.fleet))
    assert fleet == world.fleet
    world.fleet = fleet

    assert world.reply(token).refusal is None


def test_healthy_is_at_least_started() -> None:
    world = World()
    world.code["db"] = SLOW
    token = world.apply(DB, replace(app("web"), depends_on=(Dependency("db", Condition.HEALTHY),)))
    world.run(1)
    before = is_healthy(world.fleet.apps["db"])
    world.reply(token)

    assert (before, is_healthy(world.fleet.apps["db"])) == (False, True)
    assert order_of(world, Launch) == ["db", "web"]
