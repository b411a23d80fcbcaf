import pytest

from mainstay.model.masking import without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://hooks.slack.com/services/T0/secret", "https://hooks.slack.com/********"),
        ("https://ntfy.sh?topic=secret", "https://ntfy.sh/********"),
        ("https://ntfy.sh#secret", "https://ntfy.sh/********"),
        ("https://me:secret@host:8443", "https://host:8443/********"),
        ("https://me:sec/ret@host/x", "https://********"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
        ("curl -d x 'https://ntfy.sh/secret' failed", "curl -d x 'https://ntfy.sh/********' failed"),
        ("two: http://a/secret http://b/secret", "two: http://a/******** http://b/********"),
        ("plain text", "plain text"),
        ("", ""),
    ],
)
def test_of_an_address_only_scheme_and_host_are_shown(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
