"""No text of a request breaks out of its line."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.escaping import escaped

ANY = st.text(
    st.one_of(st.characters(max_codepoint=0xA0), st.sampled_from('"\\\u2028\u2029\u0085\x1b'), st.characters()),
)


@given(ANY)
def test_no_line_break_and_no_control_character_is_left(text: str) -> None:
    result = escaped(text)

    assert len(result.splitlines()) <= 1
    assert not [character for character in result if unicodedata.category(character) == "Cc"]
    assert "\u2028" not in result
    assert "\u2029" not in result


@given(ANY)
def test_a_quote_never_ends_the_field(text: str) -> None:
    # A reader who takes a backslash and what follows it as one meets no quote.
    rest = escaped(text)
    while rest:
        assert rest[0] != '"'
        rest = rest[2:] if rest[0] == "\\" else rest[1:]


@given(ANY)
def test_what_was_sent_can_be_read_back(text: str) -> None:
    assert json.loads(f'"{escaped(text)}"') == text


@given(st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp"], exclude_characters='"\\')))
def test_all_other_text_stays_as_it_is(text: str) -> None:
    assert escaped(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a"b', r"a\"b"),
        ("a\\b", r"a\\b"),
        ("\b\f\n\r\t", r"\b\f\n\r\t"),
        ("\x00\x0b\x1b\x7f\x80\x9f", r"\u0000\u000b\u001b\u007f\u0080\u009f"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("é\xa0\xad😀", "é\xa0\xad😀"),
    ],
)
def test_each_kind_has_its_escape(text: str, expected: str) -> None:
    assert escaped(text) == expected
