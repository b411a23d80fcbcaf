"""How a conversation with Memcached begins, and what its errors mean."""

import pytest

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.memcached_url import Account
from mainstay.web.sessions.stores.memcached_wire import MemcachedWire, explained
from mainstay.web.sessions.stores.meta import Refusal, Reply
from mainstay.web.sessions.stores.wire import Place

PLACE = Place("cache", 11211)


def test_nobody_says_nothing() -> None:
    assert MemcachedWire(PLACE, Account()).greeting() == ()


def test_somebody_logs_in() -> None:
    wire = MemcachedWire(PLACE, Account("shop", "pass"))

    assert wire.greeting() == (b"set login 0 0 9\r\nshop pass\r\n",)
    assert wire.greeted([Reply("STORED")]) == ()
    with pytest.raises(StoreError, match="Memcached at cache:11211 refused the user name or password"):
        wire.greeted([Refusal("CLIENT_ERROR authentication failure")])


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("CLIENT_ERROR unauthenticated", "asks for a login"),
        ("SERVER_ERROR object too large for cache", "takes no value so large"),
        ("SERVER_ERROR out of memory storing object", "is full"),
        ("ERROR", "1.6.10 or later"),
        ("CLIENT_ERROR bad data chunk", "bad data chunk"),
    ],
)
def test_an_error_is_told_as_what_it_means(said: str, meaning: str) -> None:
    assert meaning in str(explained("Memcached at cache:11211", Refusal(said)))
