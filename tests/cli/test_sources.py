import re

from mainstay.cli.sources import name_and_source
from tests.cli.terminals import pipe, screen


def test_names_and_sources_are_columns() -> None:
    rows = [("A", "file /srv/.env:3"), ("LONGER", "base")]

    assert name_and_source(rows, pipe()) == (["A       file /srv/.env:3  ", "LONGER  base              "], 26)


def test_colours_take_no_room_and_what_a_terminal_must_not_get_is_escaped() -> None:
    (line,), width = name_and_source([("A\x1b", "é")], screen(NO_COLOR=""))

    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    assert "\x1b" not in plain
    assert (len(plain), line != plain) == (width, True)


def test_nothing_has_no_lines() -> None:
    assert name_and_source([], pipe())[0] == []
