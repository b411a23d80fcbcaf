"""Everybody is measured once a round, and the order turns round every time."""

from benchmarks.contender import Contender
from benchmarks.ours import Mainstay
from benchmarks.peers import GRANIAN, UVICORN
from benchmarks.rounds import chosen, interleaved


def test_every_other_round_goes_backwards() -> None:
    assert list(interleaved("ab", 3)) == [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]


def test_ours_is_left_out_where_it_does_not_run() -> None:
    everyone: list[Contender] = [UVICORN, Mainstay()]

    assert chosen(everyone, with_ours=False) == [UVICORN]


def test_contenders_can_be_chosen_by_name() -> None:
    everyone: list[Contender] = [UVICORN, GRANIAN, Mainstay("granian")]

    assert chosen(everyone, with_ours=True, only=["granian"]) == [GRANIAN, Mainstay("granian")]
