from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from mainstay.settings.database.addresses import masked, parsed, scrubbed, sqlalchemy_url
from mainstay.settings.database.values import Unusable


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hunter2", "not of the form"),
        ("postgresql//shop:hunter2@db/shop", "not of the form"),
        ("postgresql://shop:hunter2@db:hunter2/shop", "its port is no number"),
        ("postgresql://shop:hun@ter2@db/shop", "has to be written %40"),
        ("postgresql://shop:hunter2@db:70000/shop", "not from 1 to 65535"),
    ],
)
def test_a_bad_url_is_refused_and_not_shown(text: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason) as caught:
        parsed(text)

    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text())
def test_whatever_is_given_is_read_or_refused_in_words_of_ours(text: str) -> None:
    try:
        url = parsed(text)
    except Unusable as error:
        refused = str(error)
        assert refused.startswith(("cannot be read: ", "cannot be used: "))
    else:
        assert isinstance(url, URL)


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8", exclude_characters="*")))
def test_a_password_is_read_as_it_was_escaped_and_never_shown(password: str) -> None:
    url = parsed(f"postgresql://shop:{quote(password, safe='')}@db/name")

    assert url.password == password
    assert masked(url) == "postgresql://shop:***@db/name"


def test_the_schemes_of_others_are_understood() -> None:
    assert parsed("postgres://db/shop").drivername == "postgresql"
    assert parsed("postgres+asyncpg://db/shop").drivername == "postgresql+asyncpg"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://shop@db/shop", "postgresql://shop@db/shop"),
        ("sqlite:////var/lib/shop.db", "sqlite:////var/lib/shop.db"),
        ("postgresql://db/shop?password=hunter2", "postgresql://db/shop?password=***"),
        (
            "postgresql://db/shop?sslmode=require&sslpassword=hunter2",
            "postgresql://db/shop?sslmode=require&sslpassword=***",
        ),
    ],
)
def test_only_what_is_secret_is_masked(text: str, shown: str) -> None:
    assert masked(parsed(text)) == shown


def test_a_drivers_message_is_shown_without_the_password_in_any_form() -> None:
    text = "cannot connect with p@ss/word, p%40ss%2Fword, p%40ss/word"

    assert scrubbed(text, ["p@ss/word"]) == "cannot connect with ***, ***, ***"


def test_without_secrets_a_message_is_left_as_it_is() -> None:
    assert scrubbed("as it is", []) == "as it is"
    assert scrubbed("as it is", ["a"]) == "as it is"


def test_the_url_class_is_sqlalchemys() -> None:
    assert sqlalchemy_url() is URL
