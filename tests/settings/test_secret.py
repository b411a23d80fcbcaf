import copy
import json
import logging
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.settings import Secret

TEXT = "pa55-Wörd"


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(TEXT)),
        repr(Secret(TEXT)),
        f"{Secret(TEXT)}",
        "%s" % Secret(TEXT),  # noqa: UP031  # what loggers do
        "%r" % Secret(TEXT),  # noqa: UP031
        json.dumps(Secret(TEXT), default=str).strip('"'),
        logging.LogRecord("n", 20, "p", 1, "%s", (Secret(TEXT),), None).getMessage(),
    ],
)
def test_a_secret_shows_as_three_stars(shown: str) -> None:
    assert shown == "***"


def test_a_secret_keeps_the_width_that_a_format_asks_for() -> None:
    assert f"{Secret(TEXT):>6}" == "   ***"


def test_a_secret_in_a_list_shows_as_three_stars() -> None:
    assert repr([Secret(TEXT)]) == "[***]"


@given(st.text(st.characters()))
def test_reveal_gives_any_text_back(text: str) -> None:
    assert Secret(text).reveal() == text


@given(st.text(st.characters()), st.text(st.characters()))
def test_secrets_are_equal_when_their_texts_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))


def test_a_secret_is_not_equal_to_its_text() -> None:
    assert Secret(TEXT) != TEXT


def test_an_empty_secret_is_false() -> None:
    assert (bool(Secret("")), bool(Secret("x"))) == (False, True)


def test_a_secret_has_no_dictionary_and_cannot_be_changed() -> None:
    secret = Secret(TEXT)

    with pytest.raises(AttributeError):
        secret._text = "other"
    with pytest.raises(AttributeError):
        del secret._text
    assert not hasattr(secret, "__dict__")
    assert secret.reveal() == TEXT


@pytest.mark.parametrize(
    "store", [json.dumps, pickle.dumps, lambda secret: "".join([secret]), lambda secret: "x" + secret]
)
def test_a_secret_is_not_stored_by_accident_and_the_refusal_does_not_show_it(store: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as caught:
        store(Secret(TEXT))

    assert TEXT not in str(caught.value)


def test_a_copy_is_the_secret_itself() -> None:
    secret = Secret(TEXT)

    assert copy.copy(secret) is secret
    assert copy.deepcopy({"a": [secret]})["a"][0] is secret


def test_a_secret_is_made_of_text_alone() -> None:
    with pytest.raises(TypeError, match=r"^a Secret is made of a str, not of bytes$"):
        Secret(b"abc")  # type: ignore[arg-type]  # what the test shows
