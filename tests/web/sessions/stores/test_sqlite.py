import asyncio
import os
import sqlite3
import time
from pathlib import Path

import pytest

from mainstay.web.sessions.conformance import StoreConformance, new_key
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.sqlite import SQLiteStore


class TestConformance(StoreConformance):
    shortest = 0.1

    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "sessions.db"

    def make_store(self) -> SQLiteStore:
        return SQLiteStore(self.path, timeout=5)


def test_the_event_loop_goes_on_while_another_process_holds_the_file(tmp_path: Path) -> None:
    async def work() -> int:
        store = SQLiteStore(tmp_path / "sessions.db", timeout=0.2)
        await store.put(new_key(), b"x", 60, None)
        other = sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.put(new_key(), b"y", 60, None))
        turns = 0
        while not waiting.done():
            await asyncio.sleep(0.001)
            turns += 1
        with pytest.raises(StoreError, match="locked"):
            await waiting
        other.close()
        await store.close()
        return turns

    assert asyncio.run(work()) > 20


def test_writes_that_come_together_are_one_transaction(tmp_path: Path) -> None:
    async def work() -> None:
        store = SQLiteStore(tmp_path / "sessions.db", timeout=5)
        keys = [new_key() for _ in range(200)]
        await asyncio.gather(*(store.put(key, key.encode(), 60, None) for key in keys))
        for key in keys:
            stored = await store.get(key)
            assert stored is not None
            assert stored.value == key.encode()
        await store.close()

    asyncio.run(work())


def test_a_write_that_nobody_waits_for_any_more_harms_no_other(tmp_path: Path) -> None:
    async def work() -> None:
        store = SQLiteStore(tmp_path / "sessions.db", timeout=5)
        given_up, kept = new_key(), new_key()
        task = asyncio.create_task(store.put(given_up, b"x", 60, None))
        await asyncio.sleep(0)
        task.cancel()

        await store.put(kept, b"y", 60, None)

        assert await store.get(kept) is not None
        await store.close()

    asyncio.run(work())


def test_closing_writes_what_was_asked_for_and_a_later_call_opens_again(tmp_path: Path) -> None:
    async def work() -> None:
        store, key = SQLiteStore(tmp_path / "sessions.db", timeout=5), new_key()
        await store.put(key, b"x", 1, None)
        await store.get(key, 600)  # renewed by nobody who waits for it

        await store.close()

        with sqlite3.connect(tmp_path / "sessions.db") as connection:
            (expires,) = connection.execute("SELECT expires FROM sessions").fetchone()
        assert expires > time.time() + 500
        assert await store.get(key) is not None
        await store.close()

    asyncio.run(work())


def test_a_forked_child_has_a_writer_of_its_own(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "sessions.db", timeout=5)
    mine, childs = new_key(), new_key()
    asyncio.run(store.put(mine, b"x", 60, None))

    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(store.put(childs, b"y", 60, None))
        finally:
            os._exit(0)
    os.waitpid(pid, 0)

    assert asyncio.run(store.get(childs)) is not None


def test_two_loops_of_one_process_share_a_store(tmp_path: Path) -> None:
    store, key = SQLiteStore(tmp_path / "sessions.db", timeout=5), new_key()
    version = asyncio.run(store.put(key, b"x", 60, None))

    asyncio.run(store.put(key, b"y", 60, version))

    stored = asyncio.run(store.get(key))
    assert stored is not None
    assert stored.value == b"y"
