from hypothesis import given
from hypothesis import strategies as st

from mainstay.cli.table import Column, table_lines
from mainstay.cli.width import display_width
from tests.cli.terminals import pipe, screen


def columns(name: str = "web-0") -> list[Column]:
    return [
        Column("id", [("0", "")], right=True, rank=1),
        Column("name", [(name, "")], shrinks=4),
        Column("mode", [("asgi", "")], rank=2),
        Column("status", [("online", "")]),
    ]


def test_a_table_is_drawn_with_lines_on_a_terminal() -> None:
    assert table_lines(columns(), screen()) == [
        "┌────┬───────┬──────┬────────┐",
        "│ id │ name  │ mode │ status │",
        "├────┼───────┼──────┼────────┤",
        "│  0 │ web-0 │ asgi │ online │",
        "└────┴───────┴──────┴────────┘",
    ]


def test_a_table_in_a_pipe_is_ascii_and_whole() -> None:
    lines = table_lines(columns("x" * 200), pipe())

    assert lines[1].startswith("| id | name ")
    assert "x" * 200 in lines[3]


def test_columns_go_by_rank_before_texts_are_cut_short() -> None:
    assert table_lines(columns(), screen(25))[3] == "│  0 │ web-0 │ online │"
    assert table_lines(columns(), screen(18))[3] == "│ web-0 │ online │"
    assert table_lines(columns(), screen(17))[3] == "│ web… │ online │"


def test_a_long_name_is_cut_before_columns_go() -> None:
    assert table_lines(columns("x" * 60), screen(50))[3] == f"│  0 │ {'x' * 24}… │ asgi │ online │"


def test_an_empty_table_has_its_headings() -> None:
    assert table_lines([Column("id", []), Column("name", [])], screen()) == [
        "┌────┬──────┐",
        "│ id │ name │",
        "└────┴──────┘",
    ]


def test_wide_characters_keep_the_lines_straight() -> None:
    lines = table_lines(columns("日本語"), screen())

    assert len({display_width(line) for line in lines}) == 1


@given(st.text("ab日🚀é", max_size=60), st.integers(17, 120))
def test_a_table_fits_and_its_lines_are_of_one_width(name: str, width: int) -> None:
    lines = table_lines(columns(name), screen(width))

    assert {display_width(line) for line in lines} == {display_width(lines[0])}
    assert display_width(lines[0]) <= width
