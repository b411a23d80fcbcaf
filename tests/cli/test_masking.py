import pytest

from mainstay.cli.masking import MASK, masked


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "api_key",
        "STRIPE_SECRET",
        "GITHUB_TOKEN",
        "SENTRY_DSN",
        "SECRET_KEY_BASE",
        "PGPASSWORD",
        "APIKEY",
    ],
)
def test_names_of_secrets_are_recognised(name: str) -> None:
    assert masked(name, "abc") == MASK


@pytest.mark.parametrize("name", ["PATH", "PWD", "OLDPWD", "KEYBOARD", "LOG_LEVEL", "HOME", "PORT"])
def test_ordinary_names_are_left_alone(name: str) -> None:
    assert masked(name, "/srv") == "/srv"


def test_an_empty_secret_is_shown_to_be_empty() -> None:
    assert masked("API_KEY", "") == ""


def test_what_the_daemon_calls_secret_is_masked() -> None:
    assert masked("COLOUR", "blue", secret=True) == MASK


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://shop:hunter2@db:5432/shop", f"postgresql://shop:{MASK}@db:5432/shop"),
        ("redis://:hunter2@cache/0", f"redis://:{MASK}@cache/0"),
        ("https://token@host/x", f"https://{MASK}@host/x"),
        ("postgresql://shop:hun/ter2@db/shop", f"postgresql://shop:{MASK}@db/shop"),
        ("postgresql://shop:hun@ter2@db/shop", f"postgresql://shop:{MASK}@db/shop"),
        ("redis://:one@a,redis://:two@b", f"redis://:{MASK}@a,redis://:{MASK}@b"),
        ("https://host/x?mail=a@b.c", "https://host/x?mail=a@b.c"),
        ("https://host/x", "https://host/x"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_passwords_in_urls_are_masked_and_the_rest_is_kept(value: str, shown: str) -> None:
    assert masked("DATABASE_URL", value) == shown


def test_what_could_be_a_password_with_a_slash_is_rather_masked() -> None:
    assert masked("WEBHOOK", "https://host:8000/x?mail=a@b.c") == f"https://host:{MASK}@b.c"
