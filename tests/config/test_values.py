import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.config import values
from mainstay.config.problems import Refused


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10s", 10.0),
        ("100ms", 0.1),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("2d", 172800.0),
        ("1.5s", 1.5),
        ("1m 30s", 90.0),
        ("10", 10.0),
        (10, 10.0),
        (0.25, 0.25),
        (0, 0.0),
    ],
)
def test_a_time_is_read_in_seconds(written: object, seconds: float) -> None:
    assert values.duration(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "s", "ten", "10 parsecs", "-1s", -1, True, [], "1.2.3s", "nan", "inf", "30s1m"]
)
def test_what_is_no_time_is_refused(written: object) -> None:
    with pytest.raises(Refused):
        values.duration(written)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("512MiB", 512 * 1024**2),
        ("20MB", 20_000_000),
        ("1G", 1024**3),
        ("300M", 300 * 1024**2),
        ("1.5KiB", 1536),
        ("10kb", 10_000),
        ("10 KiB", 10_240),
        ("100B", 100),
        ("100", 100),
        (4096, 4096),
    ],
)
def test_a_size_is_read_in_bytes(written: object, size: int) -> None:
    assert values.size(written) == size


@pytest.mark.parametrize("written", ["", "MiB", "10 lots", "-1M", -1, 1.5, True, "10iB"])
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(Refused):
        values.size(written)


@pytest.mark.parametrize("written", ["web", "web.api", "web_2", "api-v2", "0web", "shop-web", "x"])
def test_names_are_letters_digits_dots_dashes_and_underscores(written: str) -> None:
    assert values.name(written) == written


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("all", "every app"),
        ("12", "place in the list"),
        ("web-0", "web0 or web_0"),
        ("we b", "letters"),
        ("-web", "letters"),
        ("..", "letters"),
        ("a/b", "letters"),
        ("wéb", "letters"),
        ("w" * 101, ""),
        ("", ""),
    ],
)
def test_a_name_that_selects_something_else_is_refused(written: str, why: str) -> None:
    with pytest.raises(Refused) as caught:
        values.name(written)

    assert why in caught.value.hint


@given(st.text())
def test_a_derived_name_is_always_a_valid_one(written: str) -> None:
    name = values.derived_name(written)

    assert values.name(name) == name


@pytest.mark.parametrize("written", ["all", "7", "web-0", "web-1-2", "shop", "-x", "..", "a" * 200 + "-1"])
def test_a_derived_name_is_valid_for_the_awkward_ones_too(written: str) -> None:
    assert values.name(values.derived_name(written))


@pytest.mark.parametrize("written", ["main:app", "shop.main:app", "a.b.c:d.e", "shop:create_app()", "_x:_y"])
def test_a_target_is_a_module_and_an_attribute(written: str) -> None:
    assert values.target(written) == written


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("main.py:app", "write main:app"),
        ("./shop/main.py:api", "write shop.main:api"),
        ("main", "write main:app"),
        ("main:app(x)", "write it like shop.main:app"),
        ("main:", "write it like shop.main:app"),
        ("1:app", "write it like shop.main:app"),
    ],
)
def test_what_is_no_target_is_refused_with_the_right_one(written: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        values.target(written)

    assert caught.value.hint == hint


def test_max_instances_is_one_per_core_as_is_zero() -> None:
    assert [values.instances("max"), values.instances(0), values.instances(-1), values.instances(3)] == [0, 0, -1, 3]


@pytest.mark.parametrize("written", ["two", True, 1.5, 100_000])
def test_other_instances_are_refused(written: object) -> None:
    with pytest.raises(Refused):
        values.instances(written)


@pytest.mark.parametrize(("written", "name"), [("TERM", "SIGTERM"), ("sigquit", "SIGQUIT"), (2, "SIGINT")])
def test_a_signal_is_read_by_any_of_its_names(written: object, name: str) -> None:
    assert values.stop_signal(written) == name


@pytest.mark.parametrize("written", ["SIGFOO", 0, 999, True, "²"])
def test_an_unknown_signal_is_refused(written: object) -> None:
    with pytest.raises(Refused):
        values.stop_signal(written)


def test_variables_become_text() -> None:
    read = values.variables({"A": "x", "B": 1, "C": True, "D": 1.5, "E": ""})

    assert read == {"A": "x", "B": "1", "C": "true", "D": "1.5", "E": ""}


def test_every_bad_variable_is_told() -> None:
    with pytest.raises(Refused) as caught:
        values.variables({"A": [], "B=C": "x", "D": "ok", "E": "\0"})

    assert [caught.value.at, *(other.at for other in caught.value.others)] == [("A",), ("B=C",), ("E",)]


def test_every_bad_item_of_a_list_is_told() -> None:
    with pytest.raises(Refused) as caught:
        values.texts(["a", 1, "b", ""])

    assert [caught.value.at, *(other.at for other in caught.value.others)] == [(1,), (3,)]


def test_a_choice_tells_what_there_is() -> None:
    with pytest.raises(Refused, match='must be "a" or "b", not \'c\''):
        values.choice({"a": 1, "b": 2})("c")


def test_limits_of_numbers_are_told() -> None:
    with pytest.raises(Refused, match="must be from 1 to 5, not 6"):
        values.whole(1, 5)(6)


def test_never_is_a_word_where_it_means_something() -> None:
    read = values.or_never(values.size, 0)

    assert (read("never"), read("1KiB")) == (0, 1024)


@pytest.mark.parametrize(
    ("value", "kind"), [(True, "true or false"), ("", "a text"), (1, "a number"), ([], "a list"), ({}, "a table")]
)
def test_kinds_are_named_for_people(value: object, kind: str) -> None:
    assert values.kind_of(value) == kind


def test_an_environment_may_end_in_a_number() -> None:
    assert values.environment("eu-1") == "eu-1"
    with pytest.raises(Refused):
        values.environment("e u")
