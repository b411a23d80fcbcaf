"""What a selector means."""

import pytest

from mainstay.core.app import App
from mainstay.core.events import Stop
from mainstay.core.select import UnknownSelector, distance, nearest, select
from tests.core.specs import JOBS, web
from tests.core.world import World


def apps() -> dict[str, App]:
    """web with the numbers 0 to 2, jobs with 3 and 4."""
    world = World()
    world.reply(world.apply(web(3), JOBS))
    return world.fleet.apps


def test_a_name_means_the_whole_app() -> None:
    assert select(apps(), ("web",)) == {"web": None}


def test_a_slot_and_its_number_mean_the_same() -> None:
    assert select(apps(), ("web-1",)) == select(apps(), ("1",)) == {"web": frozenset({1})}
    assert select(apps(), ("4",)) == {"jobs": frozenset({1})}


def test_all_and_a_namespace_mean_every_app_in_it() -> None:
    assert select(apps(), ("all",)) == select(apps(), ("default",)) == {"web": None, "jobs": None}


def test_several_selectors_are_taken_together_and_a_whole_app_swallows_its_slots() -> None:
    assert select(apps(), ("web-0", "web-2")) == {"web": frozenset({0, 2})}
    assert select(apps(), ("web-0", "web", "3")) == {"web": None, "jobs": frozenset({0})}


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownSelector) as caught:
        select(apps(), ("wbe",))

    assert (caught.value.selector, caught.value.nearest) == ("wbe", "web")


def test_a_slot_that_is_being_drained_can_still_be_named() -> None:
    world = World()
    world.reply(world.apply(web(2)))
    world.ask(lambda token: Stop(token, ("web",)))

    assert select(world.fleet.apps, ("web-1",)) == {"web": frozenset({1})}


def test_nothing_is_suggested_that_does_not_look_like_it() -> None:
    assert nearest("frontend", ["web", "jobs"]) == ""
    assert nearest("job", ["web", "jobs"]) == "jobs"
    assert nearest("x", []) == ""


def test_distance_counts_letters_added_dropped_and_changed() -> None:
    assert distance("web", "web") == 0
    assert distance("web", "wb") == distance("wb", "web") == distance("web", "wen") == 1
    assert distance("", "abc") == 3
