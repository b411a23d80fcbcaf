"""The messages as data."""

from mainstay.runtime.messages import Fork, Place


def test_the_name_of_a_worker_is_its_token_without_the_generation() -> None:
    assert Place("web-blue@x-0@7", 0, 7).name == "web-blue@x-0"


def test_all_descriptors_of_a_fork_are_known() -> None:
    assert Fork(Place("web-0@7", 0, 7), {}, 4, 5, 6, (7, 8)).descriptors == (4, 5, 6, 7, 8)
