import json

import pytest
from hypothesis import given, settings

from mainstay.settings.diagnostics import Kind
from mainstay.settings.dialect_python import parse
from mainstay.settings.expansion import Known
from tests.settings import originals
from tests.settings.dotenv_texts import SURROUNDINGS, texts

RECORDED = originals.recorded(f"python-dotenv-{originals.PYTHON_DOTENV}")


def assigned(text: str, known: Known) -> dict[str, str | None]:
    return {found.name: found.value for found in parse(text.removeprefix("\ufeff"), known).assignments}


@pytest.mark.parametrize(("text", "values"), RECORDED, ids=[json.dumps(text) for text, _ in RECORDED])
def test_a_text_gives_what_was_recorded_of_the_original(text: str, values: dict[str, str | None]) -> None:
    assert assigned(text, Known(before=SURROUNDINGS)) == values


def test_the_record_is_of_the_original() -> None:
    assert [(text, originals.python_dotenv(text, override=True)) for text, _ in RECORDED] == RECORDED


@settings(max_examples=1000, derandomize=True, deadline=None)
@given(texts)
def test_any_text_gives_what_the_original_gives(text: str) -> None:
    assert assigned(text, Known(before=SURROUNDINGS)) == originals.python_dotenv(text, override=True)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(texts)
def test_any_text_gives_what_the_original_gives_where_the_environment_wins(text: str) -> None:
    assert assigned(text, Known(fixed=SURROUNDINGS)) == originals.python_dotenv(text, override=False)


@pytest.mark.parametrize(
    ("text", "line", "name", "kind"),
    [
        ("A=1\nB", 2, "B", Kind.NO_VALUE),
        ("\nA B=1", 2, "", Kind.IGNORED),
        ("=1", 1, "", Kind.IGNORED),
        ("A='x\nB=2", 1, "A", Kind.NOT_CLOSED),
        ('A="x" y', 1, "A", Kind.AFTER_QUOTE),
    ],
)
def test_what_is_odd_is_told_with_its_line(text: str, line: int, name: str, kind: Kind) -> None:
    found = parse(text, Known()).diagnostics

    assert [(odd.line, odd.name, odd.kind) for odd in found] == [(line, name, kind)]


def test_each_variable_knows_its_line() -> None:
    found = parse("A='x\ny'\r\n\n#\nB=1", Known())

    assert [(assignment.name, assignment.line) for assignment in found.assignments] == [("A", 1), ("B", 5)]
