"""The user's name in Basic credentials."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.basic import user_of


def encoded(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode("utf-8", "surrogatepass")).decode()


@given(st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])), st.text("abc:é "))
def test_every_name_is_read_from_credentials(name: str, password: str) -> None:
    assert user_of(encoded(f"{name}:{password}")) == name


@given(st.text(max_size=60))
def test_whatever_is_sent_gives_a_name_or_none(text: str) -> None:
    for authorization in (text, "Basic " + text):
        name = user_of(authorization)

        assert name is None or ":" not in name


@given(st.binary(max_size=40).filter(lambda data: b":" not in data))
def test_bytes_that_are_no_utf_8_are_replaced(data: bytes) -> None:
    name = user_of("Basic " + base64.b64encode(data + b":x").decode())

    assert name == data.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic ", "Basic =", "Bearer dGo6eA==", "Basic dGo6eA== x", "Basic\tdGo6eA=="]
)
def test_what_are_no_credentials_name_nobody(authorization: str) -> None:
    assert user_of(authorization) is None


@pytest.mark.parametrize("authorization", ["basic dGo6eA==", " BASIC  dGo6eA ", "Basic dGo6eA====", "Basic dG.o6~eA=="])
def test_credentials_are_read_as_generously_as_basic_auth_does(authorization: str) -> None:
    assert user_of(authorization) == "tj"


def test_a_pair_without_a_colon_names_nobody() -> None:
    assert user_of(encoded("tj")) is None


def test_both_alphabets_of_base64_are_read() -> None:
    assert user_of("Basic /+8/Og==") == user_of("Basic _-8_Og==") == "\ufffd\ufffd?"
