"""Stores over clients that somebody else made: redis-py's and valkey-py's, alone, under Sentinel, on a cluster."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redis.asyncio
import valkey
import valkey.asyncio

from mainstay.web.sessions.conformance import LONG, StoreConformance, SyncStoreConformance, found, new_key, new_user
from mainstay.web.sessions.store import Conflict, Store, StoreError
from mainstay.web.sessions.stores.redis import RedisStore
from mainstay.web.sessions.stores.redis_sync import SyncRedisStore
from mainstay.web.sessions.stores.wire import Limits
from tests.servers.redis import Pair, RedisServer, redis_cluster, redis_sentinel, redis_server
from tests.waiting import until
from tests.web.sessions.stores.faults import LIMITS, MOST_SECONDS
from tests.web.sessions.stores.writing import PATIENT


class Closing(RedisStore):
    """For tests that make their client in a loop of their own: it is closed with the store."""

    def __init__(self, client: redis.asyncio.Redis | valkey.asyncio.Valkey, limits: Limits = PATIENT) -> None:
        super().__init__(client=client, limits=limits)
        self._theirs = client

    async def close(self) -> None:
        """Close both."""
        await super().close()
        await self._theirs.aclose()


class TestOverRedisPy(StoreConformance):
    shortest = 0.1

    @pytest.fixture(autouse=True)
    def _server(self, redis_one: RedisServer) -> None:
        self.port = redis_one.port

    def make_store(self) -> Store:
        return Closing(redis.asyncio.Redis(port=self.port))


class TestOverValkeyPy(StoreConformance):
    shortest = 0.1

    @pytest.fixture(autouse=True)
    def _server(self, redis_one: RedisServer) -> None:
        self.port = redis_one.port

    def make_store(self) -> Store:
        return Closing(valkey.asyncio.Valkey(port=self.port))


class TestOverBlockingRedisPy(SyncStoreConformance):
    shortest = 0.1

    @pytest.fixture(autouse=True)
    def _server(self, redis_one: RedisServer) -> Iterator[None]:
        self.client = redis.Redis(port=redis_one.port, socket_timeout=20)
        yield
        self.client.close()

    def make_store(self) -> SyncRedisStore:
        return SyncRedisStore(client=self.client)


class TestOverBlockingValkeyPy(SyncStoreConformance):
    shortest = 0.1

    @pytest.fixture(autouse=True)
    def _server(self, redis_one: RedisServer) -> Iterator[None]:
        self.client = valkey.Valkey(port=redis_one.port, socket_timeout=20)
        yield
        self.client.close()  # type: ignore[no-untyped-call]

    def make_store(self) -> SyncRedisStore:
        return SyncRedisStore(client=self.client)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RedisServer]]:
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


async def _use_all(store: Store) -> None:
    """Every command of a store, with keys in all parts of a cluster."""
    user, keys = new_user(), [new_key() for _ in range(30)]
    for key in keys:
        version = await store.put(key, b"one", LONG, None)
        await store.put(key, key.encode(), LONG, version)
        await store.link(user, key, LONG)
        assert await store.renew(key, LONG)
    for key in keys:
        stored = await store.get(key, LONG)
        assert stored is not None
        assert stored.value == key.encode()
    assert sorted(await store.linked(user)) == sorted(keys)
    await store.unlink(user, keys[0])
    await store.delete(keys[0])
    with pytest.raises(Conflict):
        await store.put(keys[0], b"", LONG, version)
    assert len(await store.linked(user)) == 29


def test_a_cluster_works_with_entries_and_links_wherever_they_fall(cluster: list[RedisServer]) -> None:
    async def use() -> None:
        client = redis.asyncio.RedisCluster(host="127.0.0.1", port=cluster[0].port)
        try:
            await _use_all(RedisStore(client=client, limits=PATIENT))
        finally:
            await client.aclose()

    asyncio.run(use())


def test_a_cluster_works_for_blocking_apps(cluster: list[RedisServer]) -> None:
    client = redis.RedisCluster(host="127.0.0.1", port=cluster[1].port, socket_timeout=20)
    store, keys = SyncRedisStore(client=client), [new_key() for _ in range(30)]

    for key in keys:
        store.put(key, key.encode(), LONG, store.put(key, b"one", LONG, None))

    values = [stored.value for key in keys if (stored := store.get(key, LONG))]
    assert values == [key.encode() for key in keys]
    client.close()


def test_sentinel_leads_to_the_new_primary_when_the_old_one_dies(tmp_path: Path) -> None:
    async def use(pair: Pair) -> None:
        sentinel = redis.asyncio.Sentinel([("127.0.0.1", pair.port)], socket_timeout=1)  # type: ignore[no-untyped-call]
        client = sentinel.master_for("main")
        store, key = RedisStore(client=client, limits=PATIENT), new_key()
        await store.put(key, b"before", LONG, None)
        await asyncio.to_thread(until, lambda: pair.replica.cli("exists", f"mainstay:session:{key}") == "1")

        pair.primary.process.kill()
        async with asyncio.timeout(60):
            while True:
                try:
                    stored = await found(store, key)
                    await store.put(key, b"after", LONG, stored.version)
                    break
                except StoreError:
                    await asyncio.sleep(0.1)

        assert (await found(store, key)).value == b"after"
        assert pair.replica.cli("role").splitlines()[0] == "master"
        await client.aclose()

    with redis_sentinel(tmp_path) as pair:
        asyncio.run(use(pair))


def test_a_hung_server_is_told_in_time_and_does_no_harm_afterwards(tmp_path: Path) -> None:
    async def use(server: RedisServer) -> None:
        store, keys = Closing(redis.asyncio.Redis(port=server.port), LIMITS), [new_key() for _ in range(20)]
        patient = Closing(redis.asyncio.Redis(port=server.port))
        for key in keys:
            await patient.put(key, key.encode(), LONG, None)
        server.process.hang()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        failed = await asyncio.gather(*(store.get(key) for key in keys), return_exceptions=True)
        took = loop.time() - begun
        server.process.go_on()

        assert {type(one).__mro__[1] for one in failed} == {StoreError}
        assert took < MOST_SECONDS
        for key in keys:
            assert (await found(patient, key)).value == key.encode()
        await store.close()
        await patient.close()

    with redis_server(tmp_path) as server:
        asyncio.run(use(server))


def test_what_a_client_says_of_its_server_is_told_with_its_address() -> None:
    store = RedisStore(client=redis.asyncio.Redis(port=1, password="sesame"), limits=PATIENT)

    with pytest.raises(StoreError, match=r"cannot reach Redis at localhost:1: ConnectionError") as caught:
        asyncio.run(store.get(new_key()))
    assert "sesame" not in str(caught.value) + repr(store)


def test_a_client_that_decodes_is_refused() -> None:
    with pytest.raises(ValueError, match="decode_responses=False"):
        RedisStore(client=redis.asyncio.Redis(decode_responses=True))


def test_a_blocking_client_without_a_time_limit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"socket_timeout=0\.25"):
        SyncRedisStore(client=redis.Redis(socket_timeout=None))


def test_a_client_of_the_wrong_kind_is_refused_with_what_to_use() -> None:
    with pytest.raises(TypeError, match="use SyncRedisStore"):
        RedisStore(client=redis.Redis())
    with pytest.raises(TypeError, match="use RedisStore"):
        SyncRedisStore(client=redis.asyncio.Redis())
    with pytest.raises(TypeError, match="no client of Redis"):
        RedisStore(client=object())  # type: ignore[arg-type]  # that is what is tested


def test_a_client_beside_a_url_is_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        RedisStore("redis://localhost", client=redis.asyncio.Redis())
