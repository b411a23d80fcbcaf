import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.cli.escaping import escaped, escaped_but_colours, without_colours


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain, ünï 日本\t.", "plain, ünï 日本\t."),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb\x7f\x9b", "a\\x0db\\x7f\\x9b"),
        ("abc\u202e", "abc\\u202e"),
    ],
)
def test_control_characters_are_shown_instead_of_obeyed(text: str, safe: str) -> None:
    assert escaped(text) == safe


@pytest.mark.parametrize(
    ("text", "shown", "plain"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m", "red"),
        ("\x1b[38;5;1mred", "\x1b[38;5;1mred\x1b[0m", "red"),
        ("\x1b[2Jgone", "\\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x1b[31", "\\x1b[31", "\\x1b[31"),
        ("no colour", "no colour", "no colour"),
    ],
)
def test_colours_pass_and_nothing_else_does(text: str, shown: str, plain: str) -> None:
    assert (escaped_but_colours(text), without_colours(text)) == (shown, plain)


@given(st.text("\x1b[0123456789;mKJabc\x07\r\x9b"))
def test_no_other_sequence_ever_gets_through(text: str) -> None:
    import re

    shown = re.sub(r"\x1b\[[0-9;:]*m", "", escaped_but_colours(text))

    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    assert "\x1b" not in without_colours(text)
