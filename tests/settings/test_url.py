import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.settings import Secret, Url

TEXT = "postgresql://shop:hunter%2F2@db.example:5433/shop%20db?sslmode=require&token=abc"


def test_the_parts_of_a_url_are_decoded() -> None:
    url = Url.of(TEXT)

    assert (url.scheme, url.host, url.port, url.path) == ("postgresql", "db.example", 5433, "/shop db")
    assert (url.user, url.password) == ("shop", Secret("hunter/2"))
    assert url.query == (("sslmode", "require"), ("token", "abc"))


def test_its_password_does_not_show() -> None:
    url = Url.of(TEXT)

    assert str(url) == "postgresql://shop:***@db.example:5433/shop db?sslmode=require&token=***"
    assert repr(url) == f"Url({str(url)!r})"
    assert url.reveal() == TEXT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("redis://:hunter2@h", "redis://:***@h"),
        ("redis://user@h", "redis://user@h"),
        ("sqlite:///var/x.db", "sqlite:///var/x.db"),
        ("http://u:@h", "http://u:***@h"),
    ],
)
def test_other_urls_show_as_they_are(text: str, shown: str) -> None:
    assert str(Url.of(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "/x",
        "http://",
        "://h",
        "mailto:a@b",
        "http://h:hunter2/",
        "http://h:99999",
        "http://[::1",
        "http://a b",
    ],
)
def test_what_is_no_url_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a URL$"):
        Url.of(text)


@given(st.from_regex(r"[a-z0-9]{4,12}", fullmatch=True), st.sampled_from(["", "user"]))
def test_no_password_shows(password: str, user: str) -> None:
    url = Url.of(f"HTTP://{user}:+{password}+@example.org/path")

    assert f"+{password}+" not in f"{url}{url!r}"
    assert url.password == Secret(f"+{password}+")
