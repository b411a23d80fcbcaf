"""The asynchronous Memcached store against real servers."""

import asyncio
import ssl
from pathlib import Path

import pytest

from mainstay.web.sessions.conformance import LONG, StoreConformance, found, new_key, new_user
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.memcached import MemcachedStore
from tests.servers.memcached import MemcachedServer, memcached_at_a_socket, memcached_server
from tests.web.sessions.stores import faults, together
from tests.web.sessions.stores.together import used
from tests.web.sessions.stores.writing import PATIENT

MONTHS = 90 * 24 * 3600.0


class TestMemcachedStore(StoreConformance):
    @pytest.fixture(autouse=True)
    def _server(self, memcached_one: MemcachedServer) -> None:
        self.server = memcached_one

    def make_store(self) -> MemcachedStore:
        return MemcachedStore(self.server.address, limits=PATIENT)


def failure(store: MemcachedStore, value: bytes = b"data") -> str:
    """What a store says that cannot store a value."""

    async def use() -> None:
        try:
            await store.put(new_key(), value, LONG, None)
        finally:
            await store.close()

    with pytest.raises(StoreError) as caught:
        asyncio.run(use())
    return str(caught.value)


def test_an_entry_may_live_longer_than_thirty_days(memcached_one: MemcachedServer) -> None:
    assert used(MemcachedStore(memcached_one.address, limits=PATIENT), MONTHS) == b"data"


def test_a_value_over_the_servers_limit_is_refused_and_the_connection_goes_on(memcached_one: MemcachedServer) -> None:
    store = MemcachedStore(memcached_one.address, limits=PATIENT)

    assert "takes no value so large" in failure(store, b"x" * 2_000_000)
    assert used(store) == b"data"


def test_it_speaks_tls_and_refuses_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    with memcached_server(tmp_path, with_tls=True) as server:
        url = f"memcacheds://127.0.0.1:{server.port}"
        trusting = ssl.create_default_context(cafile=server.authority)

        assert used(MemcachedStore(url, tls=trusting, limits=PATIENT)) == b"data"
        assert "certificate verify failed" in failure(MemcachedStore(url, limits=PATIENT))


def test_it_speaks_over_a_unix_socket(tmp_path: Path) -> None:
    with memcached_at_a_socket(tmp_path) as path:
        assert used(MemcachedStore(str(path), limits=PATIENT)) == b"data"


def test_a_login_is_needed_given_and_never_told(tmp_path: Path) -> None:
    with memcached_server(tmp_path, login="shop:sesame") as server:
        right = MemcachedStore(f"memcached://shop:sesame@{server.address}", limits=PATIENT)
        wrong = MemcachedStore(f"memcached://shop:guessed@{server.address}", limits=PATIENT)

        assert used(right) == b"data"
        assert failure(wrong) == f"Memcached at {server.address} refused the user name or password"
        assert "asks for a login" in failure(MemcachedStore(server.address, limits=PATIENT))
        assert "sesame" not in repr(right)


def test_several_servers_share_the_keys_and_each_error_names_one(tmp_path: Path) -> None:
    async def use(one: MemcachedServer, two: MemcachedServer) -> None:
        store = MemcachedStore([one.address, two.address], limits=PATIENT)
        keys = [new_key() for _ in range(60)]
        for key in keys:
            await store.put(key, key.encode(), LONG, None)
        two.process.kill()
        there = 0
        for key in keys:
            try:
                there += (await found(store, key)).value == key.encode()
            except StoreError as error:
                assert two.address in str(error)  # noqa: PT017  # others of the sixty are found
        await store.close()
        assert 10 < there < 50

    with memcached_server(tmp_path / "1") as one, memcached_server(tmp_path / "2") as two:
        asyncio.run(use(one, two))


def test_a_write_sent_twice_recognises_itself(memcached_one: MemcachedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    together.a_write_sent_twice_recognises_itself(MemcachedStore(memcached_one.address, limits=PATIENT), monkeypatch)


def test_a_users_list_keeps_what_many_add_at_once(memcached_one: MemcachedServer) -> None:
    async def use() -> None:
        store, user = MemcachedStore(memcached_one.address, limits=PATIENT), new_user()
        keys = [new_key() for _ in range(12)]
        await asyncio.gather(*(store.link(user, key, LONG) for key in keys))
        linked = await store.linked(user)
        await store.close()
        assert sorted(linked) == sorted(keys)

    asyncio.run(use())


def test_no_update_is_lost_between_processes(memcached_one: MemcachedServer) -> None:
    together.no_update_is_lost_between_processes(f"memcached://{memcached_one.address}")


def test_a_deletion_wins_over_all_writers(memcached_one: MemcachedServer) -> None:
    together.a_deletion_wins_over_all_writers(f"memcached://{memcached_one.address}")


def test_cancelled_commands_take_no_reply_of_others(memcached_one: MemcachedServer) -> None:
    together.cancelled_commands_take_no_reply_of_others(f"memcached://{memcached_one.address}")


def test_one_store_serves_many_loops(memcached_one: MemcachedServer) -> None:
    together.one_store_serves_many_loops(MemcachedStore(memcached_one.address, limits=PATIENT))


def test_it_outlives_its_server(tmp_path: Path) -> None:
    with memcached_server(tmp_path) as server:
        faults.an_asynchronous_store_outlives_its_server(f"memcached://{server.address}", server.process)
