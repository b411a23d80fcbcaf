import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.config.dotenv import DotenvError, parse


def values(text: str, known: dict[str, str] | None = None) -> dict[str, str]:
    return {name: value for name, (value, _) in parse(text, known or {}).items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=x", "x"),
        ("A = x y ", "x y"),
        ("export A=x", "x"),
        ("  export\tA=x", "x"),
        ("A=", ""),
        ("A=x # comment", "x"),
        ("A=x#y", "x#y"),
        ("A=#fff", "#fff"),
        ("A= # comment", ""),
        ("A='x # y' # comment", "x # y"),
        ("A='a\\n$B ${B}'", "a\\n$B ${B}"),
        ('A="a\\nb\\t\\"c\\" \\\\ \\$ \\r"', 'a\nb\t"c" \\ $ \r'),
        ('A="\\x"', "\\x"),
        ('A="two\nlines"', "two\nlines"),
        ("A='two\nlines'", "two\nlines"),
        ('A="${B}/x"', "b/x"),
        ("A=${B}/x", "b/x"),
        ('A="\\${B}"', "${B}"),
        ("A=${NONE:-d}", "d"),
        ("A=${EMPTY:-d}", "d"),
        ("A=${EMPTY-d}", ""),
        ("A=${NONE:-}", ""),
        ("A=$B", "$B"),
        ("A=c:\\new", "c:\\new"),
        ("A=x\r\n", "x"),
        ("A=it's", "it's"),
        ("\ufeffA=x", "x"),
        ("A=a=b", "a=b"),
        ("A=é", "é"),
    ],
)
def test_a_value_is_read(text: str, value: str) -> None:
    assert values(text, {"B": "b", "EMPTY": ""}) == {"A": value}


def test_comments_and_empty_lines_count_for_nothing() -> None:
    assert values("\n# A=1\n   # B=2\n\nC=3\n") == {"C": "3"}


def test_the_last_one_wins_and_earlier_ones_can_be_used() -> None:
    assert values("A=1\nB=${A}2\nA=${B}3\n") == {"A": "123", "B": "12"}


def test_each_variable_knows_its_line() -> None:
    assert parse('A="x\ny"\n\nB=1\n', {}) == {"A": ("x\ny", 1), "B": ("1", 4)}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("A=1\nB", 2, "NAME=value"),
        ("A: 1", 1, "NAME=value"),
        ("1A=1", 1, "NAME=value"),
        ("=1", 1, "NAME=value"),
        ("\nA='x\n\n", 2, "not closed"),
        ('A="x', 1, "not closed"),
        ("A='x' y", 1, "after the closing"),
        ("A=${NONE}", 1, "${NONE} is not set"),
        ("A=${B:?no}", 1, "cannot read ${B:?no}"),
        ("A=${}", 1, "cannot read ${}"),
        ("A=${X:-${Y}}", 1, "cannot read"),
        ("A=a\0b", 1, "NUL"),
    ],
)
def test_a_line_that_cannot_be_read_is_told(text: str, line: int, what: str) -> None:
    with pytest.raises(DotenvError) as caught:
        parse(text, {"B": "b"})

    assert caught.value.line == line
    assert what in caught.value.text


@given(st.text(st.characters(exclude_characters="'\0", exclude_categories=["Cs"])))
def test_single_quotes_keep_any_text(text: str) -> None:
    assert values(f"A='{text}'") == {"A": text.replace("\r\n", "\n")}


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])))
def test_double_quotes_keep_any_text_that_is_escaped(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")

    assert values(f'A="{escaped}"') == {"A": text}


@given(st.text("A=\"'\\$ {}:-#\nexport"))
def test_any_text_is_read_or_refused(text: str) -> None:
    line = 1
    try:
        parse(text, {})
    except DotenvError as error:
        line = error.line

    assert 1 <= line <= text.count("\n") + 1
