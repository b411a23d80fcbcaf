"""How a conversation with Redis begins, and what its errors mean."""

import pytest

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.redis_url import Login
from mainstay.web.sessions.stores.redis_wire import RedisWire, explained
from mainstay.web.sessions.stores.resp import ReplyError, encode
from mainstay.web.sessions.stores.wire import Place

PLACE = Place("db", 6379)


def test_it_greets_with_the_login_and_chooses_the_database_at_once() -> None:
    wire = RedisWire(PLACE, Login("shop", "sesame", 2))

    assert wire.greeting() == (encode((b"HELLO", b"3", b"AUTH", b"shop", b"sesame")), encode((b"SELECT", b"2")))
    assert wire.greeted([{}, b"OK"]) == ()


def test_a_password_without_a_name_is_the_default_users() -> None:
    assert RedisWire(PLACE, Login(password="p")).greeting() == (encode((b"HELLO", b"3", b"AUTH", b"default", b"p")),)


@pytest.mark.parametrize("said", ["ERR unknown command `HELLO`, with args beginning with: `3`", "NOPROTO no such"])
def test_what_knows_no_hello_is_talked_to_as_before(said: str) -> None:
    wire = RedisWire(PLACE, Login("", "sesame", 2))

    assert wire.greeted([ReplyError(said), ReplyError("NOAUTH")]) == (
        encode((b"AUTH", b"sesame")),
        encode((b"SELECT", b"2")),
    )
    assert wire.greeted([b"OK", b"OK"]) == ()


def test_what_knows_no_hello_and_asks_for_nothing_is_ready() -> None:
    assert RedisWire(PLACE, Login()).greeted([ReplyError("ERR unsupported command 'hello'")]) == ()


def test_a_refused_login_is_an_error() -> None:
    with pytest.raises(StoreError, match="refused the user name or password"):
        RedisWire(PLACE, Login("a", "b")).greeted([ReplyError("WRONGPASS invalid username-password pair")])


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("NOAUTH Authentication required.", "asks for a password"),
        ("NOPERM this user has no permissions", "the user may not do this"),
        ("LOADING Redis is loading the dataset in memory", "still loading"),
        ("READONLY You can't write against a read only replica.", "is a replica"),
        ("MOVED 3999 127.0.0.1:6381", "node of a cluster"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "memory is full"),
        ("ERR unknown command 'GETEX'", "Redis 6.2 or later"),
        ("ERR something else", "ERR something else"),
    ],
)
def test_an_error_is_told_as_what_it_means(said: str, meaning: str) -> None:
    assert meaning in str(explained("Redis at db:6379", ReplyError(said)))
