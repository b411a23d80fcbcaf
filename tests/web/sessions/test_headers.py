import pytest

from mainstay.web.sessions.config import configure
from mainstay.web.sessions.headers import UNAVAILABLE, Header, titled, unavailable, with_session
from tests.web.sessions.browser import SECRET

CONFIG = configure(SECRET)


def test_a_response_without_a_cookie_only_says_that_it_varies() -> None:
    assert with_session([(b"a", b"b")], CONFIG, cookie=None, accessed=True) == [(b"a", b"b"), (b"vary", b"Cookie")]


@pytest.mark.parametrize("given", [(b"Vary", b"Accept, COOKIE"), (b"vary", b"*")])
def test_what_varies_already_says_it_once(given: Header) -> None:
    assert with_session([given], CONFIG, cookie=None, accessed=True) == [given]


def test_a_response_with_a_cookie_is_for_no_cache_whatever_the_app_said() -> None:
    headers = with_session([(b"Cache-Control", b"public, max-age=60")], CONFIG, cookie="a=b", accessed=False)

    assert headers == [(b"cache-control", b"private, no-store"), (b"set-cookie", b"a=b")]


def test_an_app_that_forbids_caching_is_left_alone() -> None:
    given = (b"cache-control", b"no-store, must-revalidate")

    assert with_session([given], CONFIG, cookie="a=b", accessed=False) == [given, (b"set-cookie", b"a=b")]


def test_other_cookies_stay() -> None:
    given = (b"set-cookie", b"theme=dark")

    assert given in with_session([given], CONFIG, cookie="a=b", accessed=False)


def test_a_503_says_how_long_its_body_is() -> None:
    assert dict(unavailable())[b"content-length"] == str(len(UNAVAILABLE)).encode()


def test_blocking_apps_get_text_with_the_usual_names() -> None:
    assert titled([(b"retry-after", b"2"), (b"x", b"\xfc")]) == [("Retry-After", "2"), ("X", "ü")]
