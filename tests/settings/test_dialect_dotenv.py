import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from mainstay.settings.diagnostics import Kind
from mainstay.settings.dialect_dotenv import parse
from tests.settings import originals
from tests.settings.dotenv_texts import texts

RECORDED = originals.recorded(f"dotenv-{originals.DOTENV}")


def odd(text: str) -> list[tuple[int, str, Kind]]:
    return [(found.line, found.name, found.kind) for found in parse(text).diagnostics]


@pytest.mark.parametrize(("text", "values"), RECORDED, ids=[json.dumps(text) for text, _ in RECORDED])
def test_a_text_gives_what_was_recorded_of_the_original(text: str, values: dict[str, str]) -> None:
    assert parse(text).values == values


@pytest.fixture(scope="module")
def original() -> Iterator[originals.Dotenv]:
    with originals.Dotenv() as found:
        yield found


def test_the_record_is_of_the_original(original: originals.Dotenv) -> None:
    assert [(text, original.parse(text)) for text, _ in RECORDED] == RECORDED


@settings(max_examples=1000, derandomize=True, deadline=None)
@given(texts)
def test_any_text_gives_what_the_original_gives(original: originals.Dotenv, text: str) -> None:
    assert parse(text).values == original.parse(text)


@pytest.mark.parametrize(
    ("text", "line", "name", "kind"),
    [
        ("A=1\nB", 2, "", Kind.IGNORED),
        ("\n\nA B=1", 3, "", Kind.IGNORED),
        ("A:1", 1, "", Kind.IGNORED),
        ("é=1", 1, "", Kind.IGNORED),
        ("__proto__=1", 1, "", Kind.IGNORED),
        ('A=1\r\nB="abc', 2, "B", Kind.NOT_CLOSED),
        ("A='abc", 1, "A", Kind.NOT_CLOSED),
        ("A='abc\nB='d", 1, "A", Kind.NOT_CLOSED),
        ('A="abc # d', 1, "A", Kind.NOT_CLOSED),
        ('A="a" b', 1, "A", Kind.AFTER_QUOTE),
        ("A='a' 'b'", 1, "A", Kind.AFTER_QUOTE),
        ("A=1#c", 1, "A", Kind.CUT),
        ("A=#fff", 1, "A", Kind.CUT),
        ('A={"a":"x #y"}', 1, "A", Kind.CUT),
        ("A=\n'x'", 1, "A", Kind.NEXT_LINE),
        ("\nA:\nB=1", 2, "A", Kind.NEXT_LINE),
        ("A\n=1", 1, "A", Kind.NEXT_LINE),
        ("A=${B}", 1, "A", Kind.NOT_EXPANDED),
        ('A="x ${B} y"', 1, "A", Kind.NOT_EXPANDED),
        ("A=`${B}`", 1, "A", Kind.NOT_EXPANDED),
        ('A="say \\"hi\\""', 1, "A", Kind.ESCAPE),
        ("A='it\\'s'", 1, "A", Kind.ESCAPE),
        ('A="c:\\\\new"', 1, "A", Kind.ESCAPE),
    ],
)
def test_what_is_odd_is_told_with_its_line(text: str, line: int, name: str, kind: Kind) -> None:
    assert (line, name, kind) in odd(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# A B\n\n   # C\n",
        "A=1 # comment\nB='x' # comment\nC= # comment\nD=# comment\nE=#\n",
        "A=it's\nB=a=b\nexport C: d\n",
        "A='${B}'\nB=$C\nC='#'\nD=\"#\"\n",
        'A="one\\ntwo\nthree"\nB=""\n',
        "A=\nB=2\n",
    ],
)
def test_nothing_is_told_of_an_ordinary_file(text: str) -> None:
    assert odd(text) == []


def test_each_variable_knows_its_line() -> None:
    found = parse('A="x\ny"\r\n\rB=1\n\n  export C=2')

    assert [(assignment.name, assignment.line) for assignment in found.assignments] == [("A", 1), ("B", 4), ("C", 6)]


@given(texts)
def test_lines_are_in_the_text_and_no_diagnostic_holds_a_value(text: str) -> None:
    found = parse(f"A='hunter2\n{text}\nPASSWORD=hunter2 #x")

    assert all(1 <= odd.line <= 3 + len(text) for odd in found.diagnostics)
    assert not any("hunter2" in str(odd) for odd in found.diagnostics)
