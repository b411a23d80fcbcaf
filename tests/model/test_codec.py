import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.model.codec import CodecError, brief, dump, load
from mainstay.model.spec import AppSpec, Command, EnvLayer, TcpBind

from .specs import SPECS


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Box:
    width: float
    colours: frozenset[str] = frozenset()
    pair: tuple[int, str] = (0, "")
    by_number: dict[int, Colour] | None = None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "name", "program", "cwd", "argv", "binds"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(SPECS)
def test_any_spec_comes_back_as_it_was(spec: AppSpec) -> None:
    assert load(AppSpec, json.loads(json.dumps(dump(spec)))) == spec


@given(JSON)
def test_any_other_data_is_refused_with_our_own_error(data: object) -> None:
    try:
        spec = load(AppSpec, data)
    except CodecError:
        return
    assert isinstance(spec, AppSpec)


def test_sets_pairs_and_tables_with_numbers_come_back() -> None:
    box = Box(1.5, frozenset({"b", "a"}), (1, "x"), {2: Colour.BLUE})

    data = json.loads(json.dumps(dump(box)))

    assert data["colours"] == ["a", "b"]
    assert load(Box, data) == box


def test_a_union_is_told_by_its_type() -> None:
    assert dump(TcpBind("::", 80)) == {"type": "TcpBind", "host": "::", "port": 80}


def test_what_has_a_default_may_be_left_out() -> None:
    assert load(Box, {"width": 1}) == Box(1.0)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "Box: width is missing"),
        ([], "value: not a Box: []"),
        ({"type": "Bax", "width": 1}, "value: a Box was expected, not a 'Bax'"),
        ({"width": 1, "hight": 2}, "Box: no such field: hight"),
        ({"width": "1"}, "width: not a float: '1'"),
        ({"width": True}, "width: not a float: True"),
        ({"width": 1, "pair": [1]}, "pair: 2 items expected, not 1"),
        ({"width": 1, "pair": [1, 2]}, "pair[1]: not a str: 2"),
        ({"width": 1, "colours": "ab"}, "colours: not a frozenset[str]: 'ab'"),
        ({"width": 1, "by_number": {"1": "green"}}, "by_number: none of the types it may have: {'1': 'green'}"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(data: object, told: str) -> None:
    with pytest.raises(CodecError) as caught:
        load(Box, data)

    assert str(caught.value) == told


def test_a_program_of_no_known_type_is_refused() -> None:
    data = dump(AppSpec("web", Command(()), "/"))
    assert isinstance(data, Mapping)

    with pytest.raises(CodecError, match="program"):
        load(AppSpec, {**data, "program": {"type": "Magic"}})


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(CodecError, match="no JSON for object"):
        dump(object())


def test_what_is_brief_says_the_same_in_fewer_words() -> None:
    spec = AppSpec("web", Command(("true",)), "/", env=(EnvLayer("env", {"A": "1"}),), instances=3)
    short = brief(spec)

    assert load(AppSpec, short) == spec
    assert isinstance(short, dict)
    assert short.keys() == {"type", "name", "program", "cwd", "env", "instances"}
