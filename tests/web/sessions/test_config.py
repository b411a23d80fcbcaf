from datetime import timedelta
from typing import Any

import pytest

from mainstay.settings import Secret
from mainstay.web.proxy import TrustedProxies
from mainstay.web.sessions.config import configure
from tests.web.sessions.browser import OLDER_SECRET, SECRET


def test_production_has_the_strictest_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")

    cookie = configure(SECRET).cookie

    assert (cookie.name, cookie.secure, cookie.http_only, cookie.same_site) == ("__Host-sid", True, True, "lax")
    assert configure(SECRET).production


@pytest.mark.parametrize("name", ["development", "test"])
def test_elsewhere_it_works_without_tls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", name)

    cookie = configure(SECRET).cookie

    assert (cookie.name, cookie.secure) == ("sid", False)


def test_a_cookie_for_a_domain_has_no_host_prefix() -> None:
    assert configure(SECRET, secure=True, domain="example.org").cookie.name == "sid"
    assert configure(SECRET, secure=True, path="/shop").cookie.name == "sid"


def test_the_cookie_of_express_session_has_its_name() -> None:
    assert configure(SECRET, cookie_format="express").cookie.name == "connect.sid"


@pytest.mark.parametrize("secret", [SECRET, SECRET.encode(), Secret(SECRET), [Secret(SECRET), OLDER_SECRET]])
def test_secrets_come_in_several_forms(secret: Any) -> None:
    assert "secrets" in repr(configure(secret).signer)


def test_spans_are_seconds_or_timedeltas() -> None:
    config = configure(SECRET, idle=timedelta(minutes=1), absolute=None, timeout=timedelta(milliseconds=100))

    assert (config.lifetimes.idle, config.lifetimes.absolute, config.timeout) == (60, None, 0.1)


_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"idle": None, "absolute": None}, "would never end"),
    ({"idle": 0}, "idle=0 is no span"),
    ({"absolute": timedelta(-1)}, "absolute="),
    ({"on_store_error": "ignore"}, "on_store_error='ignore'"),
    ({"name": "__Host-sid", "secure": True, "domain": "example.org"}, "takes no domain"),
    ({"max_bytes": 0}, "max_bytes=0"),
]


@pytest.mark.parametrize(("options", "problem"), _WRONG)
def test_what_cannot_work_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        configure(SECRET, **options)


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match="no option 'max_age'"):
        configure(SECRET, max_age=5)  # type: ignore[call-arg]


def test_nobody_is_trusted_where_that_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_TRUSTED_PROXY", "loopback")

    assert configure(SECRET).proxies
    assert not configure(SECRET, proxies=TrustedProxies()).proxies
