import re

from hypothesis import given
from hypothesis import strategies as st

from mainstay.settings.scanning import Lines, past


def test_the_end_of_what_does_not_match_is_where_it_was_looked_for() -> None:
    assert [past(re.compile("b+"), "abba", at) for at in (0, 1, 4)] == [0, 3, 4]


@given(st.text("a\n"), st.lists(st.integers(0, 20)))
def test_a_place_has_its_line_in_whatever_order_it_is_asked_for(text: str, places: list[int]) -> None:
    lines = Lines(text)

    assert [lines.of(at) for at in places] == [text[:at].count("\n") + 1 for at in places]
