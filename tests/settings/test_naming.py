import pytest

from mainstay.settings.naming import looks_secret


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "api_key", "STRIPE_SECRET", "GITHUB_TOKEN", "SENTRY_DSN", "SECRET_KEY_BASE", "APIKEY"]
)
def test_names_of_secrets_are_recognised(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["PATH", "PWD", "OLDPWD", "KEYBOARD", "LOG_LEVEL", "HOME", "PORT"])
def test_ordinary_names_are_left_alone(name: str) -> None:
    assert not looks_secret(name)
