"""A server that is killed or hangs while requests are under way. Called by the tests of each store."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from mainstay.web.sessions.conformance import LONG, new_key
from mainstay.web.sessions.store import Store, StoreError, SyncStore
from mainstay.web.sessions.stores.wire import Limits
from tests.servers.process import Process
from tests.web.sessions.stores.writing import store_at, sync_store_at

LIMITS = Limits(timeout=0.25, connect_timeout=0.5)
MOST_SECONDS = 1.5
"""A busy machine's share is in it: the limit is 0.25 s."""
_AT_ONCE = 24


def an_asynchronous_store_outlives_its_server(url: str, server: Process) -> None:
    """Killed, started, hung, gone on: every request is answered in time, and the store works again by itself."""
    asyncio.run(_outlives(url, server))


async def _outlives(url: str, server: Process) -> None:
    async with store_at(url, LIMITS) as store:
        await _works(store)
        await _answered_while(store, server.kill)
        server.start()
        await _works(store)
        await _answered_while(store, server.hang)
        server.go_on()
        await _works(store)


async def _answered_while(store: Store, strike: Callable[[], None]) -> None:
    """Requests run all the time; the server is struck; all are answered within the time limit, and some fail."""
    struck = asyncio.Event()
    outcomes: Counter[str] = Counter()
    longest = 0.0

    async def request() -> None:
        nonlocal longest
        for _ in range(100_000):
            begun = time.monotonic()
            try:
                await store.get(new_key(), LONG)
                outcomes["answered"] += 1
            except StoreError:
                outcomes["failed"] += 1
                await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begun)
            if struck.is_set() and outcomes["failed"] > 2 * _AT_ONCE:
                return

    async def blow() -> None:
        while outcomes["answered"] < 2 * _AT_ONCE:
            await asyncio.sleep(0.005)
        strike()
        struck.set()

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(request())
        group.create_task(blow())

    assert outcomes["failed"] > 0
    assert longest < MOST_SECONDS, f"a request took {longest:.2f} s"


async def _works(store: Store) -> None:
    """It does within some seconds, and then for every one of many."""
    end = time.monotonic() + 30
    while True:
        try:
            await store.put(new_key(), b"", LONG, None)
            await asyncio.gather(*(store.get(new_key()) for _ in range(_AT_ONCE)))
            return
        except StoreError as error:
            if time.monotonic() > end:
                raise AssertionError("it does not work again") from error
            await asyncio.sleep(0.05)


def a_blocking_store_outlives_its_server(url: str, server: Process) -> None:
    """As an_asynchronous_store_outlives_its_server, with threads."""
    with sync_store_at(url, LIMITS) as store:
        _works_blocking(store)
        _answered_blocking(store, server.kill)
        server.start()
        _works_blocking(store)
        _answered_blocking(store, server.hang)
        server.go_on()
        _works_blocking(store)


def _answered_blocking(store: SyncStore, strike: Callable[[], None]) -> None:
    struck = Event()
    longest: list[float] = []
    failed: list[str] = []

    def request() -> None:
        for _ in range(100_000):
            begun = time.monotonic()
            try:
                store.get(new_key(), LONG)
            except StoreError as error:
                failed.append(str(error))
                struck.wait(0.01)
            longest.append(time.monotonic() - begun)
            if struck.is_set() and len(failed) > 20:
                return

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(request) for _ in range(8)]
        end = time.monotonic() + 30
        while len(longest) < 50 and time.monotonic() < end:
            time.sleep(0.005)
        strike()
        struck.set()
        for one in running:
            one.result(60)

    assert failed
    assert max(longest) < MOST_SECONDS, f"a request took {max(longest):.2f} s"


def _works_blocking(store: SyncStore) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            store.put(new_key(), b"", LONG, None)
            for _ in range(10):
                store.get(new_key())
            return
        except StoreError as error:
            if time.monotonic() > end:
                raise AssertionError("it does not work again") from error
            time.sleep(0.05)
