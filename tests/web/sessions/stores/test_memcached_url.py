"""Addresses of Memcached."""

import ssl

import pytest

from mainstay.web.sessions.stores.memcached_url import Account, parse_memcached_url
from mainstay.web.sessions.stores.wire import Place


@pytest.mark.parametrize(
    ("address", "place", "account"),
    [
        ("cache", Place("cache", 11211), Account()),
        ("10.0.0.1:11300", Place("10.0.0.1", 11300), Account()),
        ("[::1]:11300", Place("::1", 11300), Account()),
        ("memcached://shop:p%40ss@cache", Place("cache", 11211), Account("shop", "p@ss")),
        ("/run/memcached.sock", Place(path="/run/memcached.sock"), Account()),
        ("unix:/run/memcached.sock", Place(path="/run/memcached.sock"), Account()),
        ("unix:///run/memcached.sock", Place(path="/run/memcached.sock"), Account()),
    ],
)
def test_an_address_says_where_and_who(address: str, place: Place, account: Account) -> None:
    assert parse_memcached_url(address) == (place, account)


def test_memcacheds_checks_certificates() -> None:
    tls = parse_memcached_url("memcacheds://cache")[0].tls

    assert tls is not None
    assert tls.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("redis://u:sesame@cache", "'redis' is no scheme"),
        ("memcached://u:sesame@cache:port", "cannot be read"),
        ("memcached://u:sesame@cache/1", "ends with the port"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_memcached_url(address)
    assert "sesame" not in str(caught.value)


def test_tls_on_a_plain_url_is_refused_before_it_deceives() -> None:
    with pytest.raises(ValueError, match="write memcacheds://"):
        parse_memcached_url("memcached://cache", ssl.create_default_context())
