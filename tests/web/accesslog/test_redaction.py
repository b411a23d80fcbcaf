"""What a log must not hold."""

from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.redaction import HEADERS, PARAMETERS, REDACTED, Redaction

SECRET = "hunter2"


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_headers_with_secrets_are_hidden_in_any_case(name: str) -> None:
    assert Redaction().header(name.upper(), SECRET) == REDACTED


def test_other_headers_are_shown_unless_they_are_named() -> None:
    assert Redaction().header("Accept", "*/*") == "*/*"
    assert Redaction(headers=["X-Pin"]).header("x-pin", SECRET) == REDACTED
    assert Redaction(headers=["X-Pin"]).header("cookie", SECRET) == REDACTED


@pytest.mark.parametrize("name", sorted(PARAMETERS))
@pytest.mark.parametrize(
    "shape", ["{}=hunter2", "/a?{}=hunter2", "a=b&{}=hunter2&c=d", "a;{}=hunter2;", "?{}=hunter2=hunter2"]
)
def test_parameters_with_secrets_are_hidden_wherever_they_are(name: str, shape: str) -> None:
    for written in (name, name.upper(), quote(name[0]).replace(name[0], f"%{ord(name[0]):02x}") + name[1:]):
        shown = Redaction().query(shape.format(written))

        assert SECRET not in shown
        assert f"{written}={REDACTED}" in shown


@pytest.mark.parametrize(
    "text", ["", "a=b", "tokens=1", "xtoken=1", "a=token", "token", "/token?a=b", "a=b&tok=en", "=x"]
)
def test_other_parameters_are_shown(text: str) -> None:
    assert Redaction().query(text) == text


def test_parameters_of_ones_own_are_hidden_too() -> None:
    redaction = Redaction(parameters=["PIN", "a.b"])

    assert redaction.query("pin=1&a.b=2&axb=3&token=4") == f"pin={REDACTED}&a.b={REDACTED}&axb=3&token={REDACTED}"


@given(st.lists(st.tuples(st.sampled_from(["a", "token", "Key", "x y", "é"]), st.text(max_size=10)), max_size=6))
def test_an_app_would_read_all_the_rest_as_it_was(pairs: list[tuple[str, str]]) -> None:
    shown = parse_qsl(Redaction().query(urlencode(pairs)), keep_blank_values=True)

    assert shown == [(name, REDACTED if name.lower() in PARAMETERS else value) for name, value in pairs]


@given(st.text(st.one_of(st.sampled_from("&;?=%token"), st.characters()), max_size=30), st.sampled_from("&;?"))
def test_nothing_before_a_parameter_keeps_it_from_being_hidden(before: str, separator: str) -> None:
    assert SECRET not in Redaction().query(f"{before}{separator}token={SECRET}")


def test_a_very_long_query_takes_no_time_to_speak_of() -> None:
    text = "a=a?" * 100_000

    assert Redaction().query(text) == text
