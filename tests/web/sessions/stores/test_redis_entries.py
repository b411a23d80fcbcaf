"""What a session store says to Redis: without a server."""

import asyncio
import hashlib

import pytest

from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.redis_entries import PUT, RedisEntries, milliseconds
from mainstay.web.sessions.stores.resp import Reply, ReplyError


class Scripted:
    """A carrier that answers what it is told to, and remembers what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[bytes, ...]] = []
        self.distrusted = 0

    async def call(self, *arguments: bytes) -> Reply:
        """The next reply."""
        self.asked.append(arguments)
        return self.replies.pop(0)

    async def distrust(self) -> None:
        """Count."""
        self.distrusted += 1

    async def close(self) -> None:
        """Nothing."""


def entries(carrier: Scripted) -> RedisEntries:
    """The store over it."""
    return RedisEntries(carrier, "Redis at db:6379", "s:")


def test_a_read_is_one_command_with_or_without_renewal() -> None:
    carrier = Scripted(None, None)

    asyncio.run(entries(carrier).get("key"))
    asyncio.run(entries(carrier).get("key", 1.5))

    assert carrier.asked == [(b"GET", b"s:key"), (b"GETEX", b"s:key", b"PX", b"1500")]


def test_a_write_is_one_command_and_two_where_the_script_is_not_known() -> None:
    known, unknown = Scripted(1), Scripted(ReplyError("NOSCRIPT No matching script."), 1)

    asyncio.run(entries(known).put("key", b"value", 1, None))
    asyncio.run(entries(unknown).put("key", b"value", 1, None))

    assert [asked[:2] for asked in known.asked] == [(b"EVALSHA", PUT.digest)]
    assert [asked[:2] for asked in unknown.asked] == [(b"EVALSHA", PUT.digest), (b"EVAL", PUT.text)]


def test_every_command_names_one_key() -> None:
    carrier = Scripted(1, 1, [], 1, 1, 1)
    store = entries(carrier)

    async def use() -> None:
        await store.put("key", b"", 1, None)
        await store.link("user", "key", 1)
        await store.linked("user")
        await store.renew("key", 1)
        await store.delete("key")
        await store.unlink("user", "key")

    asyncio.run(use())

    assert [sum(part.startswith(b"s:") for part in asked) for asked in carrier.asked] == [1] * 6
    assert all(asked[2] == b"1" for asked in carrier.asked[:3])


def test_a_users_name_is_in_no_key() -> None:
    carrier = Scripted([])

    asyncio.run(entries(carrier).linked("anna@example.org"))

    assert carrier.asked[0][3] == b"s:user:" + hashlib.sha256(b"anna@example.org").hexdigest().encode()


def test_a_demoted_server_is_distrusted() -> None:
    carrier = Scripted(ReplyError("READONLY You can't write against a read only replica."))

    with pytest.raises(StoreError, match="is a replica"):
        asyncio.run(entries(carrier).delete("key"))
    assert carrier.distrusted == 1


@pytest.mark.parametrize("reply", ["text", 7, b"short", []])
def test_nonsense_is_a_store_error(reply: Reply) -> None:
    with pytest.raises(StoreError):
        asyncio.run(entries(Scripted(reply)).get("key"))
    with pytest.raises(StoreError):
        asyncio.run(entries(Scripted(reply)).put("key", b"", 1, None))


@pytest.mark.parametrize("version", [7, b"short"])
def test_a_version_of_another_store_is_refused(version: int | bytes) -> None:
    with pytest.raises(TypeError, match="no version of a Redis store"):
        asyncio.run(entries(Scripted()).put("key", b"", 1, version))


def test_a_time_to_live_is_a_millisecond_at_least() -> None:
    assert [milliseconds(seconds) for seconds in (0, 0.0001, 1.5, 86400)] == [b"1", b"1", b"1500", b"86400000"]
