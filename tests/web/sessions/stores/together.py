"""What holds for every store on a server, however it is used: called by the tests of each store with its URL."""

import asyncio
import os
import random
import threading

import pytest

from mainstay.web.sessions.conformance import LONG, found, new_key
from mainstay.web.sessions.store import Conflict, Store
from tests.web.sessions.stores.writing import Worker, store_at, sync_store_at

_PROCESSES = 4
_ROUNDS = 25


def used(store: Store, ttl: float = LONG) -> bytes:
    """Put something, and return what is read."""

    async def use() -> bytes:
        key = new_key()
        await store.put(key, b"data", ttl, None)
        value = (await found(store, key)).value
        await store.close()
        return value

    return asyncio.run(use())


def a_write_sent_twice_recognises_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the random bytes that it was sent with before, a write is no conflict; with others it is."""

    async def use() -> None:
        key = new_key()
        monkeypatch.setattr(os, "urandom", lambda size: b"8" * size)
        version = await store.put(key, b"one", LONG, None)
        assert await store.put(key, b"one", LONG, None) == version
        monkeypatch.undo()
        with pytest.raises(Conflict):
            await store.put(key, b"one", LONG, None)
        await store.close()

    asyncio.run(use())


def no_update_is_lost_between_processes(url: str) -> None:
    """Several processes add to one number; all that they added is in it."""
    key = new_key()
    with sync_store_at(url) as store:
        store.put(key, b"0", LONG, None)
        workers = [Worker("add", url, key, _ROUNDS) for _ in range(_PROCESSES)]
        for worker in workers:
            worker.started()
        for worker in workers:
            worker.finished()
        stored = store.get(key)

    assert stored is not None
    assert stored.value == str(_PROCESSES * _ROUNDS).encode()


def a_deletion_wins_over_all_writers(url: str) -> None:
    """Several processes write a session again and again; once it is deleted it stays so."""
    key = new_key()
    with sync_store_at(url) as store:
        store.put(key, b"data", LONG, None)
        workers = [Worker("keep", url, key, 1_000_000) for _ in range(_PROCESSES)]
        for worker in workers:
            worker.started()
        store.delete(key)
        said = [worker.finished() for worker in workers]

        assert said == ["gone"] * _PROCESSES
        assert store.get(key) is None


def cancelled_commands_take_no_reply_of_others(url: str) -> None:
    """Tasks that are cancelled at any moment: whoever goes on gets the value of the key that it asked for."""
    keys = [new_key() for _ in range(20)]
    chance = random.Random(7)

    async def work() -> None:
        async with store_at(url) as store:
            for key in keys:
                await store.put(key, key.encode(), LONG, None)
            for _ in range(15):
                asked = [(key, asyncio.create_task(store.get(key))) for key in keys]
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
                for _, task in chance.sample(asked, 10):
                    task.cancel()
                answers = await asyncio.gather(*(task for _, task in asked), return_exceptions=True)
                for (key, _), answer in zip(asked, answers, strict=True):
                    assert isinstance(answer, asyncio.CancelledError) or _value(answer) == key.encode()

    asyncio.run(work())


def _value(answer: object) -> object:
    return getattr(answer, "value", answer)


def one_store_serves_many_loops(store: Store, loops: int = 6) -> None:
    """Threads with a loop each, at once and one after the other, share one store."""
    keys = [new_key() for _ in range(loops)]
    failed: list[BaseException] = []

    async def use(key: str) -> None:
        await store.put(key, key.encode(), LONG, None)
        for _ in range(20):
            assert (await found(store, key)).value == key.encode()
        await store.close()

    def run(key: str) -> None:
        try:
            asyncio.run(use(key))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    asyncio.run(_all_there(store, keys))


async def _all_there(store: Store, keys: list[str]) -> None:
    for key in keys:
        assert (await found(store, key)).value == key.encode()
    await store.close()


def a_forked_child_talks_for_itself(url: str) -> None:
    """A child of a fork and its parent use the blocking store that the parent had used; each gets its own answers."""
    mine, its = new_key(), new_key()
    with sync_store_at(url) as store:
        store.put(mine, b"parent", LONG, None)
        store.put(its, b"child", LONG, None)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if all(_value(store.get(its)) == b"child" for _ in range(50)) else 2
            finally:
                os._exit(code)
        answers = {_value(store.get(mine)) for _ in range(50)}
        _, status = os.waitpid(child, 0)

        assert answers == {b"parent"}
        assert os.waitstatus_to_exitcode(status) == 0
        assert _value(store.get(mine)) == b"parent"
