"""The blocking Memcached store against real servers."""

import ssl
from pathlib import Path

import pytest

from mainstay.web.sessions.conformance import LONG, SyncStoreConformance, new_key
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.memcached_sync import SyncMemcachedStore
from tests.servers.memcached import MemcachedServer, memcached_server
from tests.web.sessions.stores import faults, together
from tests.web.sessions.stores.writing import PATIENT


class TestSyncMemcachedStore(SyncStoreConformance):
    @pytest.fixture(autouse=True)
    def _server(self, memcached_one: MemcachedServer) -> None:
        self.server = memcached_one

    def make_store(self) -> SyncMemcachedStore:
        return SyncMemcachedStore(self.server.address, limits=PATIENT)


def test_it_speaks_tls_and_logs_in(tmp_path: Path) -> None:
    with memcached_server(tmp_path, login="shop:sesame", with_tls=True) as server:
        trusting = ssl.create_default_context(cafile=server.authority)
        url = f"memcacheds://shop:sesame@localhost:{server.port}"
        store, key = SyncMemcachedStore(url, tls=trusting, limits=PATIENT), new_key()

        store.put(key, b"data", LONG, None)

        assert store.get(key) is not None
        store.close()
        with pytest.raises(StoreError, match="certificate verify failed"):
            SyncMemcachedStore(url, limits=PATIENT).get(key)


def test_a_forked_child_talks_for_itself(memcached_one: MemcachedServer) -> None:
    together.a_forked_child_talks_for_itself(f"memcached://{memcached_one.address}")


def test_it_outlives_its_server(tmp_path: Path) -> None:
    with memcached_server(tmp_path) as server:
        faults.a_blocking_store_outlives_its_server(f"memcached://{server.address}", server.process)
