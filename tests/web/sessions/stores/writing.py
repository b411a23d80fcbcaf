"""A process that works on a session like a web server's worker, beside others: what they do to each other is tested.

python -m tests.web.sessions.stores.writing (add|keep) URL KEY ROUNDS
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from mainstay.web.sessions.conformance import LONG, add_one
from mainstay.web.sessions.store import Conflict, Store, SyncStore
from mainstay.web.sessions.stores.memcached import MemcachedStore
from mainstay.web.sessions.stores.memcached_sync import SyncMemcachedStore
from mainstay.web.sessions.stores.redis import RedisStore
from mainstay.web.sessions.stores.redis_sync import SyncRedisStore
from mainstay.web.sessions.stores.sql import SQLStore
from mainstay.web.sessions.stores.sql_sync import SyncSQLStore
from mainstay.web.sessions.stores.wire import Limits

ROOT = Path(__file__).resolve().parents[4]
PATIENT = Limits(timeout=20, connect_timeout=20)
"""For tests of something else than time: the machine may be busy."""


def driver_of(dialect: str, *, asynchronous: bool = False) -> str:
    """The driver that tests use for a dialect of SQLAlchemy."""
    names = {"postgresql": ("psycopg", "asyncpg"), "mysql": ("pymysql", "asyncmy"), "sqlite": ("pysqlite", "aiosqlite")}
    return names[dialect][asynchronous]


@asynccontextmanager
async def store_at(url: str, limits: Limits = PATIENT) -> AsyncIterator[Store]:
    """A store for a URL: redis://, memcached:// or a database's, without a driver."""
    kind, rest = url.split("://", 1)
    if kind == "redis":
        redis = RedisStore(url, limits=limits)
        yield redis
        await redis.close()
    elif kind == "memcached":
        memcached = MemcachedStore(url, limits=limits)
        yield memcached
        await memcached.close()
    else:
        engine = create_async_engine(f"{kind}+{driver_of(kind, asynchronous=True)}://{rest}")
        sql = SQLStore(engine, limits=limits)
        yield sql
        await sql.close()
        await engine.dispose()


@contextmanager
def sync_store_at(url: str, limits: Limits = PATIENT) -> Iterator[SyncStore]:
    """As store_at, a blocking one."""
    kind, rest = url.split("://", 1)
    if kind == "redis":
        redis = SyncRedisStore(url, limits=limits)
        yield redis
        redis.close()
    elif kind == "memcached":
        memcached = SyncMemcachedStore(url, limits=limits)
        yield memcached
        memcached.close()
    else:
        engine = create_engine(f"{kind}+{driver_of(kind)}://{rest}")
        sql = SyncSQLStore(engine, limits=limits)
        yield sql
        sql.close()
        engine.dispose()


class Worker:
    """One such process."""

    def __init__(self, what: str, url: str, key: str, rounds: int) -> None:
        env = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        argv = [sys.executable, "-m", "tests.web.sessions.stores.writing", what, url, key, str(rounds)]
        self._process = subprocess.Popen(
            argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def started(self) -> None:
        """Wait until it works."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "started\n", self._process.communicate()[1]

    def finished(self) -> str:
        """Wait until it has ended well; what it says of it."""
        out, err = self._process.communicate(timeout=120)
        assert self._process.returncode == 0, err
        return out.strip()


async def _add(store: Store, key: str, rounds: int) -> None:
    """Add one to a number, so many times, as the core of the sessions does it: read, change, compare and set."""
    for _ in range(rounds):
        await add_one(store, key)


async def _keep(store: Store, key: str, rounds: int) -> None:
    """Write and renew until it is gone; then say so."""
    for _ in range(rounds):
        stored = await store.get(key, LONG)
        if stored is None:
            break
        try:
            await store.put(key, stored.value, LONG, stored.version)
        except Conflict as conflict:
            if conflict.gone:
                break
    else:
        raise AssertionError("the entry was never deleted")
    print("gone", flush=True)


async def _work(what: str, url: str, key: str, rounds: int) -> None:
    async with store_at(url) as store:
        await store.get(key)
        print("started", flush=True)
        await (_add if what == "add" else _keep)(store, key, rounds)


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
