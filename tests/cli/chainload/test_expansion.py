"""By a table, and beside the shell for what both of them know."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.cli.chainload.expansion import DEEPEST, ExpansionError, expanded

VARIABLES = {"A": "one", "B_2": "two words", "EMPTY": "", "TRICK": "$A \\ ${A}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$A", "one"),
        ("${A}", "one"),
        ("$A$B_2", "onetwo words"),
        ("x${A}y", "xoney"),
        ("$A.b", "one.b"),
        ("$Ab", ""),
        ("[$NOTHING]", "[]"),
        ("[$EMPTY]", "[]"),
        ("$TRICK", "$A \\ ${A}"),
        ("$é", "$é"),
        ("${A:-d}", "one"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NOTHING:-d e}", "d e"),
        ("${NOTHING-d}", "d"),
        ("${NOTHING:-}", ""),
        ("${NOTHING:-$A}", "one"),
        ("${NOTHING:-${EMPTY:-${A}!}}", "one!"),
        ("${NOTHING:-a:-b}", "a:-b"),
        ("${NOTHING:-{x}}", "{x}"),
        ("${NOTHING:-{x\\}}", "{x}"),
        ("${NOTHING:-\\$A}", "$A"),
        ("${A:-${NOTHING:?never needed}}", "one"),
        ("${A:?message}", "one"),
        ("${EMPTY?message}", ""),
        ("${A:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${NOTHING+x}", ""),
        ("\\$A", "$A"),
        ("\\${A}", "${A}"),
        ("\\\\$A", "\\one"),
        ("\\\\\\$A", "\\$A"),
        ("\\\\\\\\$A", "\\\\one"),
        ("a\\b\\\\c", "a\\b\\\\c"),
        ("C:\\dir\\$A", "C:\\dir$A"),
        ("C:\\dir\\\\$A", "C:\\dir\\one"),
        ("\\}$A", "\\}one"),
        ("cost: 5$", "cost: 5$"),
        ("cost: \\$5", "cost: $5"),
        ("$5 $$ $( $", "$5 $$ $( $"),
        ("}{$A}", "}{one}"),
        ("`$A` $(A) 'x' \"y\" ~ *", "`one` $(A) 'x' \"y\" ~ *"),
        ("\udcff$A\n", "\udcffone\n"),
    ],
)
def test_a_value_is_filled_in(text: str, expected: str) -> None:
    assert expanded(text, VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${", "no name follows the ${ of character 1"),
        ("x${}", "no name follows the ${ of character 2"),
        ("${1}", "no name follows the ${ of character 1"),
        ("${ A}", "no name follows the ${ of character 1"),
        ("${A", "the ${ of character 1 is not closed"),
        ("${A:", "the ${ of character 1 is not closed"),
        ("${A:-x", "the ${ of character 1 is not closed"),
        ("${A:-${B}", "the ${ of character 1 is not closed"),
        ("${A%x}", "${A... of character 1 is not understood"),
        ("${A:=x}", "${A... of character 1 is not understood"),
        ("${A.b}", "${A... of character 1 is not understood"),
        ("${#A}", "no name follows the ${ of character 1"),
        ("${NOTHING?}", "NOTHING is not set"),
        ("${EMPTY:?}", "EMPTY is not set or is empty"),
        ("${NOTHING:?set $A}", "NOTHING is not set or is empty: set one"),
    ],
)
def test_what_is_not_understood_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ExpansionError) as error:
        expanded(text, VARIABLES)

    assert str(error.value) == message


def test_an_error_shows_nothing_of_the_value() -> None:
    with pytest.raises(ExpansionError) as error:
        expanded("hunter2${A%hunter2}hunter2", VARIABLES)

    assert "hunter2" not in f"{error.value} {error.value.hint}"


def test_what_is_nested_without_end_is_refused() -> None:
    assert expanded("${N:-" * DEEPEST + "x" + "}" * DEEPEST, {}) == "x"
    with pytest.raises(ExpansionError, match="inside each other"):
        expanded("${N:-" * 100_000, {})


@given(st.text())
def test_any_text_is_filled_in_or_refused(text: str) -> None:
    try:
        length = len(expanded(text, {}))
    except ExpansionError:
        length = 0

    assert length <= len(text)


@given(st.text(alphabet=st.characters(blacklist_characters="$")))
def test_a_text_without_a_dollar_sign_stays_as_it_is(text: str) -> None:
    assert expanded(text, VARIABLES) == text


@given(st.text("\\$A{}:-x"))
def test_what_is_escaped_comes_out_as_it_was(text: str) -> None:
    escaped = ""
    run = 0
    for character in text:
        escaped += "\\" * (run + 1) + "$" if character == "$" else character
        run = run + 1 if character == "\\" else 0

    assert expanded(escaped, VARIABLES) == text


NAME = st.sampled_from(["A", "B_2", "EMPTY", "NOTHING", "_x"])
OPERATOR = st.sampled_from(["-", ":-", "+", ":+"])
SIMPLE = st.one_of(
    st.text("ab .:/-?+=~*#\n", min_size=1, max_size=4),
    NAME.map("${%s}".__mod__),
    NAME.map("$%s/".__mod__),
    NAME.map("\\${%s}".__mod__),
)


def _with_words(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    word = st.lists(parts, max_size=3).map("".join)
    return st.tuples(NAME, OPERATOR, word).map(lambda made: "${" + "".join(made) + "}") | word


WORD = st.recursive(SIMPLE, _with_words, max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(WORD)
def test_the_shell_gives_the_same_between_double_quotes(text: str) -> None:
    script = f'printf %s "{text}"'

    said = subprocess.run(["/bin/sh", "-c", script], env=VARIABLES, capture_output=True, check=True).stdout.decode()

    assert expanded(text, VARIABLES) == said
