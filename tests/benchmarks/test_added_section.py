"""What a part adds becomes a table with ratios, a plot, and targets that are kept or missed."""

from fractions import Fraction

import pytest

from benchmarks import access_log, session, web_both
from benchmarks.added_section import Item, Limit, section
from benchmarks.asks import Ask, Cost, Pair, Sample
from benchmarks.stacks import Stack

STACK = Stack("fake", lambda _: [])
OURS = Pair("mainstay", "log", Ask(STACK, "/bare"), Ask(STACK, "/logged"), ours=True)
PEER = Pair("morgan", "log", Ask(STACK, "/bare"), Ask(STACK, "/logged", session=True))
ITEM = Item("access_log", "Log", "How.", (OURS, PEER), (Limit("mainstay", "morgan", "log", Fraction(1, 3)),))


def costing(plain: float, full: float, redis: float = 0.0) -> Sample:
    return Sample(Cost(plain, 0.0), Cost(full, redis))


def test_the_table_shows_what_is_added_and_ours_beside_it() -> None:
    made = section(ITEM, {OURS: [costing(10, 14), costing(10, 16), costing(10, 13)], PEER: [costing(50, 70, 2.5)]})

    (table,) = made.tables
    assert table.columns == ("stack", "without", "with", "added", "mainstay / this", "Redis")
    assert table.rows[0][3:] == ("4.0 (3.0 to 6.0)", "1.00", "0.0 (0.0 to 0.0)")
    assert table.rows[1] == ("morgan", "50.0", "70.0", "20.0", "0.20", "2.5")
    assert [(bar.label, bar.value, bar.ours) for bar in made.panels[0].bars] == [
        ("mainstay", 4.0, True),
        ("morgan", 20.0, False),
    ]


@pytest.mark.parametrize(("full", "kept"), [(16.0, True), (18.0, False)])
def test_a_target_is_kept_when_ours_adds_less_than_its_share(full: float, kept: bool) -> None:
    (target,) = section(ITEM, {OURS: [costing(10, full)], PEER: [costing(50, 71)]}).targets

    assert target.promise == "log: mainstay adds under 1/3 of morgan"
    assert target.kept is kept


def test_a_target_without_samples_is_not_measured() -> None:
    assert section(ITEM, {OURS: [], PEER: [costing(50, 71)]}).targets[0].kept is None
    assert section(ITEM, {PEER: [costing(50, 71)]}).targets[0].kept is None


@pytest.mark.parametrize("item", [access_log.ITEM, session.ITEM, web_both.ITEM], ids=lambda item: item.key)
def test_every_promise_is_about_something_that_is_measured(item: Item) -> None:
    measured = {(pair.name, pair.what): pair for pair in item.pairs}

    assert len(measured) == len(item.pairs)
    for limit in item.limits:
        assert measured[limit.ours, limit.what].ours
        assert not measured[limit.peer, limit.what].ours
