import pytest

from mainstay.settings.diagnostics import Notice
from mainstay.settings.loaded import Loaded, Value

LOADED = Loaded(
    {"A": Value("hunter2", "environment"), "B": Value("2", "file /srv/.env:3")},
    "production",
    ("/srv/.env",),
    (Notice("/srv/.env", 1, "odd"),),
)


def test_it_is_a_mapping_of_the_values() -> None:
    assert dict(LOADED) == {"A": "hunter2", "B": "2"}
    assert LOADED.get("C") is None


def test_each_value_knows_its_source() -> None:
    assert (LOADED.source("A"), LOADED.source("B")) == ("environment", "file /srv/.env:3")


def test_it_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        LOADED["A"] = "x"  # type: ignore[index]  # what the test shows


def test_its_repr_shows_no_value() -> None:
    assert repr(LOADED) == "<Loaded: 2 variables, production, from /srv/.env>"
    assert "hunter2" not in repr(Value("hunter2", "environment"))
