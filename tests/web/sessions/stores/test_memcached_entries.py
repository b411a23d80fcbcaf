"""What a session store says to Memcached: without a server."""

import asyncio

import pytest

from mainstay.web.sessions.store import Conflict, Stored, StoreError
from mainstay.web.sessions.stores.memcached_entries import MemcachedEntries
from mainstay.web.sessions.stores.memcached_wire import Answer
from mainstay.web.sessions.stores.meta import Refusal, Reply


class Scripted:
    """The one server; it answers what it is told to, and remembers what it was asked."""

    where = "Memcached at cache:11211"

    def __init__(self, *replies: Answer) -> None:
        self.replies = list(replies)
        self.asked: list[bytes] = []

    def server_of(self, _digest: str) -> "Scripted":
        """Itself."""
        return self

    async def call(self, command: bytes) -> Answer:
        """The next reply."""
        self.asked.append(command)
        return self.replies.pop(0)

    async def close(self) -> None:
        """Nothing."""


def entries(server: Scripted) -> MemcachedEntries:
    """The store over it."""
    return MemcachedEntries(server, "s:", clock=lambda: 1000.0)


def test_a_read_is_one_command_with_or_without_renewal() -> None:
    server = Scripted(Reply("VA", 7, b"12345678data"), Reply("EN"))

    stored = asyncio.run(entries(server).get("key"))
    missing = asyncio.run(entries(server).get("key", 60))

    assert stored == Stored(b"data", 7)
    assert missing is None
    assert server.asked == [b"mg s:key v c\r\n", b"mg s:key v c T61\r\n"]


def test_a_write_is_one_command() -> None:
    server = Scripted(Reply("HD", 8))

    assert asyncio.run(entries(server).put("key", b"", 60, 7)) == 8
    assert len(server.asked) == 1


@pytest.mark.parametrize(("expected", "gone"), [(7, True), (None, False)])
def test_what_goes_between_write_and_look_is_told_by_what_was_asked(expected: int | None, gone: bool) -> None:
    server = Scripted(Reply("EX" if expected else "NS"), Reply("EN"))

    with pytest.raises(Conflict) as caught:
        asyncio.run(entries(server).put("key", b"", 60, expected))
    assert caught.value.gone is gone


def test_a_list_that_always_changes_is_given_up() -> None:
    lists = [Reply("VA", 7, b"12345678"), Reply("EX"), Reply("VA", 8, b"12345678")]

    with pytest.raises(StoreError, match="changes too often"):
        asyncio.run(entries(Scripted(*lists * 64)).link("user", "key", 60))


@pytest.mark.parametrize("reply", [Reply("HD"), Reply("VA", 7, b"short"), Refusal("SERVER_ERROR busy")])
def test_nonsense_is_a_store_error(reply: Answer) -> None:
    with pytest.raises(StoreError, match="Memcached at cache:11211"):
        asyncio.run(entries(Scripted(reply)).get("key"))


def test_a_version_of_another_store_is_refused() -> None:
    with pytest.raises(TypeError, match="no version of a Memcached store"):
        asyncio.run(entries(Scripted()).put("key", b"", 60, b"12345678"))


@pytest.mark.parametrize("prefix", ["a b", "ü", "x" * 101, "a\n"])
def test_a_prefix_that_cannot_begin_a_key_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="cannot begin a key"):
        MemcachedEntries(Scripted(), prefix)
