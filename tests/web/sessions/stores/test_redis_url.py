"""URLs of Redis."""

import ssl

import pytest

from mainstay.web.sessions.stores.redis_url import Login, parse_redis_url
from mainstay.web.sessions.stores.wire import Place


@pytest.mark.parametrize(
    ("url", "place", "login"),
    [
        ("redis://", Place("localhost", 6379), Login()),
        ("redis://db", Place("db", 6379), Login()),
        ("valkey://db:7000/2", Place("db", 7000), Login(database=2)),
        ("redis://db?db=3", Place("db", 6379), Login(database=3)),
        ("redis://:p%40ss@db", Place("db", 6379), Login(password="p@ss")),
        ("redis://shop:p@[::1]:7000/1", Place("::1", 7000), Login("shop", "p", 1)),
        ("unix:///run/redis.sock?db=2", Place(path="/run/redis.sock"), Login(database=2)),
        ("unix://shop:pw@/run/my%20redis.sock", Place(path="/run/my redis.sock"), Login("shop", "pw")),
    ],
)
def test_a_url_says_where_and_who(url: str, place: Place, login: Login) -> None:
    assert parse_redis_url(url) == (place, login)


def test_rediss_checks_certificates_and_names() -> None:
    place, _ = parse_redis_url("rediss://db:7000")

    assert place.tls is not None
    assert place.tls.verify_mode is ssl.CERT_REQUIRED
    assert place.tls.check_hostname


def test_a_context_of_ones_own_is_taken() -> None:
    own = ssl.create_default_context()

    assert parse_redis_url("valkeys://db", own)[0].tls is own


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://sesame@db", "'http' is no scheme of Redis"),
        ("redis://:sesame@db:port/0", "cannot be read"),
        ("redis://:sesame@db/zero", "'zero' in the URL of Redis is not the number"),
        ("redis://:sesame@db/0?ssl_cert_reqs=none", "'ssl_cert_reqs' in the URL of Redis is not known"),
        ("unix://:sesame@", "names the socket"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_redis_url(url)
    assert "sesame" not in str(caught.value)


def test_tls_on_a_plain_url_is_refused_before_it_deceives() -> None:
    with pytest.raises(ValueError, match="is not encrypted: write rediss://"):
        parse_redis_url("redis://db", ssl.create_default_context())


def test_a_login_does_not_show_its_password() -> None:
    assert "sesame" not in repr(Login("shop", "sesame"))
