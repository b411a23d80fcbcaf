"""Tests that every session store passes, for stores of your own. Subclass one of the two classes for pytest:

    class TestMyStore(StoreConformance):            # or SyncStoreConformance for a blocking one
        def make_store(self) -> MyStore:
            return MyStore("127.0.0.1")

Nothing but the standard library is needed. Keys and users are random, so a server that is in use does no harm.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from mainstay.web.sessions.blocking import Blocking, drive
from mainstay.web.sessions.store import Conflict, Store, Stored, SyncStore, Version

LONG = 3600.0
WRITERS = 8
ROUNDS = 5

Body = Callable[[Store], Awaitable[None]]


class _Conformance:
    """The tests themselves; how they are run is the business of the two classes below."""

    shortest: float = 1.0
    """The shortest time to live that the store keeps, in seconds (Memcached: 1)."""
    patience: float = 10.0
    """How long to wait for something to expire, in seconds."""

    def check(self, body: Body) -> None:
        """Run `body` with a new store, and close the store."""
        raise NotImplementedError

    def check_writers(self, write: Body) -> None:
        """Run `write` WRITERS times at once, each with a store that sees what the others write."""
        raise NotImplementedError

    def test_nothing_is_found_under_an_unknown_key(self) -> None:
        async def body(store: Store) -> None:
            assert await store.get(new_key()) is None
            assert await store.get(new_key(), LONG) is None

        self.check(body)

    def test_what_was_put_is_found_with_its_version(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()

            version = await store.put(key, b"one", LONG, None)

            assert await store.get(key) == Stored(b"one", version)

        self.check(body)

    def test_any_bytes_come_back_as_they_were(self) -> None:
        async def body(store: Store) -> None:
            for value in (b"", bytes(range(256)), b"\r\nEND\r\n", b"\x00" * 100, "ü".encode(), b'{"a": 1}'):
                key = new_key()
                await store.put(key, value, LONG, None)

                assert (await found(store, key)).value == value

        self.check(body)

    def test_large_values_come_back_whole(self) -> None:
        async def body(store: Store) -> None:
            key, value = new_key(), secrets.token_bytes(256 * 1024)
            await store.put(key, value, LONG, None)

            assert (await found(store, key)).value == value

        self.check(body)

    def test_an_entry_is_created_only_where_there_is_none(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            await store.put(key, b"first", LONG, None)

            conflict = await conflict_of(store, key, None)

            assert not conflict.gone
            assert (await found(store, key)).value == b"first"

        self.check(body)

    def test_a_change_needs_the_version_that_is_there(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            old = await store.put(key, b"one", LONG, None)
            new = await store.put(key, b"two", LONG, old)

            conflict = await conflict_of(store, key, old)

            assert new != old
            assert not conflict.gone
            assert await store.get(key) == Stored(b"two", new)

        self.check(body)

    def test_the_same_bytes_written_again_are_another_version(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            old = await store.put(key, b"same", LONG, None)
            await store.put(key, b"same", LONG, old)

            assert not (await conflict_of(store, key, old)).gone

        self.check(body)

    def test_a_deleted_entry_stays_deleted(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            version = await store.put(key, b"one", LONG, None)
            await store.delete(key)

            conflict = await conflict_of(store, key, version)

            assert conflict.gone
            assert await store.get(key) is None
            assert await store.renew(key, LONG) is False

        self.check(body)

    def test_deleting_what_is_not_there_is_no_error(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()

            await store.delete(key)

            assert await store.get(key) is None

        self.check(body)

    def test_an_entry_expires_and_is_gone_for_a_writer(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            version = await store.put(key, b"one", self.shortest, None)

            await self.expired(store, key)

            assert (await conflict_of(store, key, version)).gone

        self.check(body)

    def test_an_expired_key_is_free_for_a_new_entry(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            await store.put(key, b"one", self.shortest, None)
            await self.expired(store, key)

            await store.put(key, b"two", LONG, None)

            assert (await found(store, key)).value == b"two"

        self.check(body)

    def test_a_read_can_set_the_time_to_live(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            await store.put(key, b"one", LONG, None)

            assert await store.get(key, self.shortest) is not None

            await self.expired(store, key)

        self.check(body)

    def test_a_read_that_renews_keeps_an_entry_alive(self) -> None:
        async def body(store: Store) -> None:
            kept, other = new_key(), new_key()
            await store.put(kept, b"kept", self.shortest * 2, None)
            await store.get(kept, LONG)
            await store.put(other, b"other", self.shortest * 2, None)

            await self.expired(store, other)

            assert (await found(store, kept)).value == b"kept"

        self.check(body)

    def test_renewing_sets_the_time_to_live(self) -> None:
        async def body(store: Store) -> None:
            kept, other = new_key(), new_key()
            await store.put(kept, b"kept", self.shortest * 2, None)
            await store.put(other, b"other", LONG, None)

            assert await store.renew(kept, LONG)
            assert await store.renew(other, self.shortest * 2)
            await self.expired(store, other)

            assert (await found(store, kept)).value == b"kept"

        self.check(body)

    def test_renewing_is_not_writing(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            version = await store.put(key, b"one", LONG, None)
            await store.renew(key, LONG + 10)
            await store.get(key, LONG + 20)

            await store.put(key, b"two", LONG, version)

            assert (await found(store, key)).value == b"two"

        self.check(body)

    def test_a_change_sets_the_time_to_live(self) -> None:
        async def body(store: Store) -> None:
            key = new_key()
            version = await store.put(key, b"one", LONG, None)
            await store.put(key, b"two", self.shortest, version)

            await self.expired(store, key)

        self.check(body)

    def test_the_sessions_of_a_user_are_listed(self) -> None:
        async def body(store: Store) -> None:
            user, other, keys = new_user(), new_user(), [new_key(), new_key()]
            for key in [*keys, keys[0]]:
                await store.link(user, key, LONG)
            await store.link(other, new_key(), LONG)

            assert sorted(await store.linked(user)) == sorted(keys)

            await store.unlink(user, keys[0])
            await store.unlink(user, new_key())
            assert await store.linked(user) == [keys[1]]

        self.check(body)

    def test_an_unknown_user_has_no_sessions(self) -> None:
        async def body(store: Store) -> None:
            assert await store.linked(new_user()) == []

        self.check(body)

    def test_users_may_be_called_anything(self) -> None:
        async def body(store: Store) -> None:
            for name in ("", "a b\r\nc", "ü", "*", "%", "x" * 500, "'; --", "{a}"):
                user, key = name + new_user(), new_key()
                await store.link(user, key, LONG)

                assert await store.linked(user) == [key]

        self.check(body)

    def test_of_many_writers_none_loses_an_update(self) -> None:
        key = new_key()

        async def write(store: Store) -> None:
            for _ in range(ROUNDS):
                await add_one(store, key)

        async def create(store: Store) -> None:
            await store.put(key, b"0", LONG, None)

        async def written(store: Store) -> None:
            assert (await found(store, key)).value == str(WRITERS * ROUNDS).encode()

        self.check(create)
        self.check_writers(write)
        self.check(written)

    def test_of_many_who_create_an_entry_one_does(self) -> None:
        key = new_key()
        created: list[Version] = []
        gone: list[bool] = []

        async def write(store: Store) -> None:
            try:
                created.append(await store.put(key, b"mine", LONG, None))
            except Conflict as conflict:
                gone.append(conflict.gone)

        self.check_writers(write)

        assert len(created) == 1
        assert gone == [False] * (WRITERS - 1)

    def test_closing_twice_does_no_harm(self) -> None:
        async def body(store: Store) -> None:
            await store.get(new_key())

            await store.close()  # and once more by `check`

        self.check(body)

    async def expired(self, store: Store, key: str) -> None:
        """Wait until there is nothing under `key` any more; an AssertionError when it stays."""
        deadline = time.monotonic() + self.patience
        while await store.get(key) is not None:
            assert time.monotonic() < deadline, f"an entry did not expire within {self.patience} s"
            await self.pause()

    async def pause(self) -> None:
        """Wait a moment between two looks."""
        raise NotImplementedError


class StoreConformance(_Conformance):
    """For an asynchronous Store. Say how one is made; two made one after the other must see the same entries."""

    def make_store(self) -> Store:
        """A store to test. Called in a running event loop."""
        raise NotImplementedError

    def check(self, body: Body) -> None:
        """See _Conformance."""
        asyncio.run(self._with_store(body))

    def check_writers(self, write: Body) -> None:
        """See _Conformance."""

        async def all_writers() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(WRITERS):
                    group.create_task(self._with_store(write))

        asyncio.run(all_writers())

    async def pause(self) -> None:
        """See _Conformance."""
        await asyncio.sleep(0.02)

    async def _with_store(self, body: Body) -> None:
        store = self.make_store()
        try:
            await body(store)
        finally:
            await store.close()


class SyncStoreConformance(_Conformance):
    """For a blocking SyncStore, whose writers are threads. See StoreConformance."""

    def make_store(self) -> SyncStore:
        """A store to test."""
        raise NotImplementedError

    def check(self, body: Body) -> None:
        """See _Conformance."""
        store = self.make_store()
        try:
            drive(_finish(body, Blocking(store)))
        finally:
            store.close()

    def check_writers(self, write: Body) -> None:
        """See _Conformance."""
        store = self.make_store()
        start = threading.Barrier(WRITERS)

        def writer() -> None:
            start.wait(timeout=self.patience)
            drive(_finish(write, Blocking(store)))

        try:
            with ThreadPoolExecutor(WRITERS) as pool:
                for done in [pool.submit(writer) for _ in range(WRITERS)]:
                    done.result()
        finally:
            store.close()

    async def pause(self) -> None:
        """See _Conformance."""
        time.sleep(0.02)


async def _finish(body: Body, store: Store) -> None:
    await body(store)


def new_key() -> str:
    """A key nobody has used: what the hash of a session's id looks like."""
    return secrets.token_hex(32)


def new_user() -> str:
    """The name of a user nobody has used."""
    return f"user-{secrets.token_hex(8)}"


async def found(store: Store, key: str) -> Stored:
    """What is there; an AssertionError when nothing is."""
    stored = await store.get(key)
    assert stored is not None, "the entry is not there"
    return stored


async def conflict_of(store: Store, key: str, expected: Version | None) -> Conflict:
    """The Conflict that a change must raise; an AssertionError when it does not."""
    try:
        await store.put(key, b"of a conflict", LONG, expected)
    except Conflict as conflict:
        return conflict
    raise AssertionError("a change was accepted that had to be refused")


async def add_one(store: Store, key: str) -> None:
    """Add one to the number stored under `key`, again until nobody came between."""
    while True:
        stored = await found(store, key)
        try:
            await store.put(key, str(int(stored.value) + 1).encode(), LONG, stored.version)
        except Conflict:
            continue
        return
