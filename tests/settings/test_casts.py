import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.settings import ByteSize, Parse, Secret, Url
from mainstay.settings.casts import Unfit, cast_of


class Colour(Enum):
    RED = "red"
    DEEP_BLUE = 2


def half(text: str) -> float:
    return int(text) / 2


READ: list[tuple[object, str, object]] = [
    (str, " x ", " x "),
    (str, "", ""),
    (int, " 12 ", 12),
    (int, "-3", -3),
    (float, "1.5", 1.5),
    (float, "1e3", 1000.0),
    (bool, "Yes", True),
    (bool, "0", False),
    (Decimal, "1.10", Decimal("1.10")),
    (Path, "/srv/x", Path("/srv/x")),
    (timedelta, "1h30m", timedelta(minutes=90)),
    (ByteSize, "20MiB", 20 << 20),
    (Secret, "x", Secret("x")),
    (Colour, "red", Colour.RED),
    (Colour, "DEEP_BLUE", Colour.DEEP_BLUE),
    (Colour, "2", Colour.DEEP_BLUE),
    (Literal["a", 2, True], "2", 2),
    (Literal["a", 2, True], "true", True),
    (Optional[int], "", None),  # noqa: UP045  # the old spelling is read too
    (int | None, "3", 3),
    (int | str, "x", "x"),
    (Annotated[float, Parse(half, "a number to halve")], "3", 1.5),
    (Annotated[int, "a note"], "3", 3),
    (list[int], "1, 2,3,", [1, 2, 3]),
    (list[int], "[1, 2]", [1, 2]),
    (list[int], "", []),
    (list, "a,b", ["a", "b"]),
    (list[str], '["a,b", "c"]', ["a,b", "c"]),
    (tuple[str, ...], "a,b", ("a", "b")),
    (Sequence[int], "1,2", (1, 2)),
    (set[int], "1,1", {1}),
    (frozenset[str], "a", frozenset("a")),
    (AbstractSet[int], "1", frozenset([1])),
    (list[timedelta], "1s,2m", [timedelta(seconds=1), timedelta(minutes=2)]),
    (list[int | None], "[1, null]", [1, None]),
    (dict[str, int], "a=1, b=2", {"a": 1, "b": 2}),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (dict[str, str], "a=x=y", {"a": "x=y"}),
    (dict, "a=1", {"a": "1"}),
    (dict[str, list[int]], '{"a": [1, 2]}', {"a": [1, 2]}),
    (dict[str, Any], '{"a": {"b": [null, 1.5]}}', {"a": {"b": [None, 1.5]}}),
    (Mapping[str, int], "a=1", {"a": 1}),
    (object, "[1]", [1]),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_a_text_is_read_as_its_type(kind: object, text: str, value: object) -> None:
    found = cast_of(kind).of_text(text)

    assert found == value
    assert type(found) is type(value) or kind == Mapping[str, int]


REFUSED: list[tuple[object, str, str]] = [
    (int, "x", "a whole number"),
    (int, "1_000", "a whole number"),
    (int, "1.0", "a whole number"),
    (int, "", "a whole number"),
    (int, "9" * 5000, "a whole number"),
    (float, "nan", "a number"),
    (float, "1_0", "a number"),
    (Decimal, "x", "a number"),
    (Decimal, "Infinity", "a number"),
    (bool, "2", "true or false (or yes, no, on, off, 1, 0)"),
    (bool, "", "true or false (or yes, no, on, off, 1, 0)"),
    (Path, "", "a path"),
    (Secret, "", "a secret that is not empty"),
    (Url, "hunter2", 'a URL like "https://example.com/path"'),
    (timedelta, "soon", 'a time like "10s", "100ms", "5m" or "1h30m"'),
    (timedelta, "1" * 30, 'a time like "10s", "100ms", "5m" or "1h30m"'),
    (ByteSize, "big", 'a size like "20MiB" or "1GiB"'),
    (Colour, "green", "one of red, 2"),
    (Literal["a", "b"], "c", "one of a, b"),
    (int | timedelta, "x", 'a whole number or a time like "10s", "100ms", "5m" or "1h30m"'),
    (list[int], "1,x", "a list with commas between its parts, or a JSON array; each part is a whole number"),
    (list[int], "[1", "a list with commas between its parts, or a JSON array; each part is a whole number"),
    (list[int], "[[1]]", "a list with commas between its parts, or a JSON array; each part is a whole number"),
    (list[int], "[" * 100_000, "a list with commas between its parts, or a JSON array; each part is a whole number"),
    (dict[str, int], "a", "name=value pairs with commas between them, or a JSON object; each value is a whole number"),
    (
        dict[str, int],
        '{"a": []}',
        "name=value pairs with commas between them, or a JSON object; each value is a whole number",
    ),
    (object, "{", "JSON"),
]


@pytest.mark.parametrize(("kind", "text", "expected"), REFUSED, ids=[f"{number}" for number in range(len(REFUSED))])
def test_a_text_that_does_not_fit_is_told_what_is_expected(kind: object, text: str, expected: str) -> None:
    with pytest.raises(Unfit) as caught:
        cast_of(kind).of_text(text)

    assert str(caught.value) == expected
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", [complex, tuple[int, str], list[complex], type(None), Mapping[str, complex]])
def test_a_type_that_nobody_can_read_is_an_error_of_the_declaration(kind: object) -> None:
    with pytest.raises(TypeError):
        cast_of(kind)


def test_a_mapping_that_is_not_called_dict_cannot_be_changed() -> None:
    found = cast_of(Mapping[str, int]).of_text("a=1")

    with pytest.raises(TypeError):
        found["b"] = 2  # type: ignore[index]  # what the test shows


@pytest.mark.parametrize(
    ("kind", "secret"),
    [(Secret, True), (Url, True), (list[Secret], True), (Secret | None, True), (dict[str, Url], True), (str, False)],
)
def test_what_may_hold_secrets_is_known(kind: object, secret: bool) -> None:
    assert cast_of(kind).secret is secret


@given(st.lists(st.integers()))
def test_any_list_is_read_in_both_spellings(numbers: list[int]) -> None:
    read = cast_of(list[int]).of_text

    assert read(json.dumps(numbers)) == read(",".join(map(str, numbers))) == numbers


@given(st.text(), st.sampled_from([kind for kind, _, _ in REFUSED]))
def test_any_text_is_read_or_unfit(text: str, kind: object) -> None:
    outcome: object = None
    try:
        cast_of(kind).of_text(text)
    except Exception as error:
        outcome = type(error)

    assert outcome in (None, Unfit)
