import datetime as dt
import decimal
import enum
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.codec import EMPTY, Unencodable, decode, encode, looks_like

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.decimals(allow_nan=False)
)
_HASHABLE = st.text() | st.integers(-1000, 1000)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(-9, 9), inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(_HASHABLE, max_size=4)
        | st.frozensets(_HASHABLE, max_size=4)
    ),
    max_leaves=12,
)


def _shape(value: object) -> object:
    """The value with the types of all that is in it: 1, True and 1.0 are equal to Python."""
    if isinstance(value, dict):
        return {key: _shape(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return (type(value), [_shape(below) for below in value])
    return (type(value), value)


@given(st.dictionaries(st.text(max_size=8), _VALUES, max_size=5))
def test_everything_comes_back_as_what_it_was(data: dict[str, Any]) -> None:
    packed = encode(data)
    back = decode(packed)

    assert _shape(back) == _shape(data)
    assert encode(back) == packed


def test_no_data_are_one_byte() -> None:
    assert encode({}) == EMPTY
    assert decode(EMPTY) == {}


def test_an_aware_time_comes_back_as_the_same_instant() -> None:
    there = dt.datetime(2026, 11, 25, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))

    back = decode(encode({"at": there}))["at"]

    assert back == there
    assert back.tzinfo == dt.UTC


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (object(), "holds a object"),
        (Point(1), "holds a Point"),
        (Colour.RED, "holds a Colour"),
        (2**64, "more than 64 bits"),
        (len, "holds a builtin_function_or_method"),
        ({"a": [object()]}, "holds a object"),
        ({object(): 3}, "key of the type object"),
        ("\ud800", "surrogate"),
        (1j, "holds a complex"),
    ],
)
def test_what_cannot_come_back_is_refused_by_the_name_of_its_key(value: object, problem: str) -> None:
    with pytest.raises(Unencodable, match=rf"session\['bad'\].*{problem}"):
        encode({"good": 1, "bad": value})


def test_a_list_that_contains_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises(Unencodable, match="contains itself"):
        encode({"bad": loop})


def test_a_subclass_of_a_text_comes_back_as_text() -> None:
    class Markup(str):
        pass

    assert type(decode(encode({"m": Markup("<b>")}))["m"]) is str


def test_a_nested_change_is_noticed_and_nothing_else() -> None:
    data: dict[str, Any] = {"a": [1, {"b": 2}], "c": "d"}
    packed = encode(data)

    assert looks_like(data, packed)
    data["a"][1]["b"] = 3
    assert not looks_like(data, packed)
    data["a"][1]["b"] = object()
    assert not looks_like(data, packed)


def test_a_value_is_told_by_its_uuid_type() -> None:
    id_ = uuid.uuid4()

    assert decode(encode({"id": id_, "price": decimal.Decimal("1.10")})) == {
        "id": id_,
        "price": decimal.Decimal("1.10"),
    }
