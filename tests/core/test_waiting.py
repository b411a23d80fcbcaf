"""Which held part of a request goes on next: as functions, without a fleet."""

from dataclasses import replace

from mainstay.core.effects import Outcome
from mainstay.core.events import Apply, Restart, Start, Stop
from mainstay.core.order import Held
from mainstay.core.waiting import Next, Pending, given_up, look
from mainstay.model.spec import AppSpec, Command, Dependency
from tests.core.simulated import Behaviour, Code
from tests.core.world import World

SLOW = Code(worker=Behaviour(ready=2.0))
DB = AppSpec("db", Command(("db",)), "/srv", start_timeout=20.0)
WEB = AppSpec("web", Command(("web",)), "/srv", depends_on=(Dependency("db"),))
WEB_STARTS = Held("web", Apply(7, (WEB,)))


def with_db(code: Code) -> World:
    world = World()
    world.code["db"] = code
    world.apply(DB)
    return world


def test_a_part_whose_dependency_is_there_goes_on() -> None:
    world = with_db(Code())
    world.run(5)

    assert look((WEB_STARTS,), world.fleet.apps, {}, world.now) == ((), Next(WEB_STARTS))


def test_a_part_that_waits_stays_and_has_a_time_from_now_on() -> None:
    world = with_db(SLOW)
    parts, found = look((WEB_STARTS,), world.fleet.apps, {}, 100.0)
    again, _ = look(parts, world.fleet.apps, {}, 110.0)

    assert found is None
    assert parts == again == (replace(WEB_STARTS, deadline=120.0),)


def test_a_part_that_has_waited_for_too_long_is_refused() -> None:
    world = with_db(SLOW)
    late = replace(WEB_STARTS, deadline=120.0)
    parts, found = look((late,), world.fleet.apps, {}, 120.0)

    assert parts == ()
    assert found is not None
    assert found.refusal is not None
    assert found.refusal.message == "cannot start web: it has waited for db for 20 s"


def test_a_part_whose_dependency_was_refused_in_the_same_request_is_refused() -> None:
    pending = Pending(frozenset({"web"}), (Outcome("db", "failed"),))
    _, found = look((WEB_STARTS,), {}, {7: pending}, 100.0)

    assert found is not None
    assert found.refusal is not None
    assert found.refusal.message == "cannot start web: db, which it depends on, did not start"


def test_the_first_that_can_go_on_does_and_those_before_it_wait_on() -> None:
    world = with_db(SLOW)
    alone = Held("alone", Apply(8, (replace(DB, name="alone"),)))
    parts, found = look((WEB_STARTS, alone), world.fleet.apps, {}, 100.0)

    assert found == Next(alone)
    assert [held.name for held in parts] == ["web"]


def test_those_that_all_wait_for_each_other_go_on_with_the_first() -> None:
    one = replace(WEB, name="one", depends_on=(Dependency("two"),))
    two = replace(WEB, name="two", depends_on=(Dependency("one"),))
    held = tuple(Held(spec.name, Apply(7, (spec,))) for spec in (one, two))
    parts, found = look(held, {}, {7: Pending(frozenset({"one", "two"}))}, 100.0)

    assert found == Next(held[0])
    assert parts == held[1:]


def test_only_starts_of_these_apps_are_given_up_by_a_stop() -> None:
    parts = (
        WEB_STARTS,
        Held("web", Stop(8, ("web",))),
        Held("web", Restart(9, ("web",))),
        Held("db", Start(7, ("db",))),
    )

    assert given_up(parts, {"web"}) == (WEB_STARTS,)
