"""The blocking Redis store against real servers."""

import ssl
from pathlib import Path

import pytest

from mainstay.web.sessions.conformance import LONG, SyncStoreConformance, new_key
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.redis_sync import SyncRedisStore
from tests.servers.redis import RedisServer, redis_server
from tests.waiting import until
from tests.web.sessions.stores import faults, together
from tests.web.sessions.stores.writing import PATIENT


class TestSyncRedisStore(SyncStoreConformance):
    shortest = 0.1

    @pytest.fixture(autouse=True)
    def _server(self, redis_one: RedisServer) -> None:
        self.server = redis_one

    def make_store(self) -> SyncRedisStore:
        return SyncRedisStore(self.server.url, limits=PATIENT)


def used(store: SyncRedisStore) -> object:
    """Put something, and return what is read."""
    key = new_key()
    store.put(key, b"data", LONG, None)
    stored = store.get(key)
    store.close()
    return stored and stored.value


def test_it_speaks_tls_and_refuses_a_certificate_nobody_vouches_for(redis_one: RedisServer) -> None:
    url = f"rediss://localhost:{redis_one.tls_port}"
    trusting = ssl.create_default_context(cafile=redis_one.authority)

    assert used(SyncRedisStore(url, tls=trusting, limits=PATIENT)) == b"data"
    with pytest.raises(StoreError, match="certificate verify failed"):
        used(SyncRedisStore(url, limits=PATIENT))


def test_it_speaks_over_a_unix_socket_and_logs_in(tmp_path: Path) -> None:
    with redis_server(tmp_path, password="p@ss") as server:
        assert used(SyncRedisStore(f"unix://:p%40ss@{server.socket}?db=2", limits=PATIENT)) == b"data"


def test_a_connection_that_was_closed_while_idle_is_replaced_unseen(redis_one: RedisServer) -> None:
    store, key = SyncRedisStore(redis_one.url, limits=PATIENT), new_key()
    store.put(key, b"data", LONG, None)
    redis_one.cli("client", "kill", "type", "normal")

    stored = store.get(key)

    assert stored is not None
    assert stored.value == b"data"
    store.close()


def test_no_more_connections_than_threads(redis_one: RedisServer) -> None:
    store = SyncRedisStore(redis_one.url, limits=PATIENT)
    until(lambda: redis_one.clients() == 0, what="the connections of other tests to end")

    for _ in range(50):
        store.get(new_key())

    assert redis_one.clients() == 1
    store.close()
    until(lambda: redis_one.clients() == 0)


def test_a_forked_child_talks_for_itself(redis_one: RedisServer) -> None:
    together.a_forked_child_talks_for_itself(redis_one.url)


def test_it_outlives_its_server(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        faults.a_blocking_store_outlives_its_server(server.url, server.process)

        until(lambda: server.clients() == 0, what="no connection is left behind")
