"""What applying specs would do, without doing it."""

from dataclasses import replace

from mainstay.core.forecast import Action, Step, forecast
from mainstay.core.plan import Way
from mainstay.model.spec import AppSpec, Schedule, TcpBind
from tests.core.specs import JOBS, WEB, started, stop
from tests.core.world import World

FILE = "/srv/mainstay.toml"
DECLARED = replace(WEB, source=FILE)


def steps(world: World, *specs: AppSpec, source: str = FILE) -> tuple[Step, ...]:
    """What applying these would do in this world."""
    return forecast(world.fleet.apps, specs, source)


def test_what_is_not_there_is_added() -> None:
    assert steps(World(), WEB) == (Step("web", Action.ADD),)


def test_what_is_as_declared_is_left_alone() -> None:
    world = started(DECLARED)

    assert steps(world, DECLARED) == (Step("web", Action.UNCHANGED),)
    assert steps(world, replace(DECLARED, source="")) == (Step("web", Action.UNCHANGED),)


def test_what_differs_is_changed_in_the_way_that_all_of_it_needs() -> None:
    edited = replace(DECLARED, instances=3, cwd="/srv/other")

    assert steps(started(DECLARED), edited) == (
        Step("web", Action.CHANGE, Way.ROLLING, ("cwd /srv/shop -> /srv/other (rolling)", "instances 2 -> 3 (live)")),
    )


def test_a_job_that_waits_for_its_time_is_as_declared() -> None:
    job = replace(JOBS, schedule=Schedule("0 3 * * *"), source=FILE)
    world = started(job)

    assert steps(world, job) == (Step(job.name, Action.UNCHANGED),)
    world.ask(stop(job.name))
    assert steps(world, job) == (Step(job.name, Action.START),)


def test_what_is_stopped_is_started() -> None:
    world = started(DECLARED)
    world.answer(stop("web"))

    assert steps(world, replace(DECLARED, instances=3)) == (
        Step("web", Action.START, changes=("instances 2 -> 3 (live)",)),
    )


def test_what_the_file_has_no_more_is_removed_and_what_is_not_of_it_stays() -> None:
    world = started(DECLARED)

    assert steps(world, JOBS) == (Step("jobs", Action.ADD), Step("web", Action.REMOVE))
    assert steps(world, JOBS, source="/other.toml") == (Step("jobs", Action.ADD),)
    assert steps(world, JOBS, source="") == (Step("jobs", Action.ADD),)


def test_what_holds_an_address_that_another_is_to_have_is_in_the_way() -> None:
    renamed = replace(DECLARED, name="shop")

    assert steps(started(DECLARED), renamed)[1] == Step("web", Action.REMOVE, in_the_way=True)
    elsewhere = replace(renamed, binds=(TcpBind("127.0.0.1", 8001),))
    assert steps(started(DECLARED), elsewhere)[1] == Step("web", Action.REMOVE)


def test_nothing_is_done() -> None:
    world = started(DECLARED)
    before = world.fleet
    steps(world, replace(DECLARED, cwd="/x"))

    assert world.fleet is before
