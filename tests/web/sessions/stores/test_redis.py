"""The asynchronous Redis store against real servers."""

import asyncio
import ssl
from pathlib import Path

import pytest

from mainstay.settings import Secret
from mainstay.web.sessions.conformance import LONG, StoreConformance, found, new_key
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.stores.redis import RedisStore
from tests.servers.redis import RedisServer, cluster_options, redis_server
from tests.waiting import until
from tests.web.sessions.stores import faults, together
from tests.web.sessions.stores.together import used
from tests.web.sessions.stores.writing import PATIENT


class TestRedisStore(StoreConformance):
    shortest = 0.1

    @pytest.fixture(autouse=True)
    def _server(self, redis_one: RedisServer) -> None:
        self.server = redis_one

    def make_store(self) -> RedisStore:
        return RedisStore(self.server.url, limits=PATIENT)


def failure(store: RedisStore) -> str:
    """What a store says that cannot do its work."""

    async def use() -> None:
        try:
            await store.get(new_key())
        finally:
            await store.close()

    with pytest.raises(StoreError) as caught:
        asyncio.run(use())
    return str(caught.value)


def test_it_speaks_tls_with_a_certificate_it_trusts(redis_one: RedisServer) -> None:
    trusting = ssl.create_default_context(cafile=redis_one.authority)

    assert used(RedisStore(f"rediss://127.0.0.1:{redis_one.tls_port}", tls=trusting, limits=PATIENT)) == b"data"


def test_a_certificate_that_nobody_vouches_for_is_refused(redis_one: RedisServer) -> None:
    said = failure(RedisStore(f"rediss://127.0.0.1:{redis_one.tls_port}", limits=PATIENT))

    assert f"cannot reach Redis at 127.0.0.1:{redis_one.tls_port}" in said
    assert "certificate verify failed" in said


def test_it_speaks_over_a_unix_socket(redis_one: RedisServer) -> None:
    assert used(RedisStore(f"unix://{redis_one.socket}?db=3", limits=PATIENT)) == b"data"


def test_databases_do_not_see_each_other(redis_one: RedisServer) -> None:
    async def use() -> object:
        key = new_key()
        one = RedisStore(f"redis://127.0.0.1:{redis_one.port}/1", limits=PATIENT)
        two = RedisStore(f"redis://127.0.0.1:{redis_one.port}/2", limits=PATIENT)
        await one.put(key, b"data", LONG, None)
        seen = await two.get(key)
        await one.close()
        await two.close()
        return seen

    assert asyncio.run(use()) is None


def test_a_password_is_needed_given_and_never_told(tmp_path: Path) -> None:
    with redis_server(tmp_path, password="open sesame") as server:
        right = RedisStore(Secret(f"redis://:open%20sesame@127.0.0.1:{server.port}"), limits=PATIENT)
        wrong = RedisStore(f"redis://:guessed@127.0.0.1:{server.port}", limits=PATIENT)
        none = RedisStore(server.url, limits=PATIENT)

        assert used(right) == b"data"
        assert (
            failure(wrong)
            == f"Redis at 127.0.0.1:{server.port} refused a command: it refused the user name or password"
        )
        assert "asks for a password" in failure(none)
        assert "sesame" not in repr(right)
        assert "guessed" not in failure(wrong)


def test_a_user_of_the_acl_needs_no_more_than_the_docs_say(tmp_path: Path) -> None:
    rule = "user shop on >pass ~mainstay:* -@all +@read +@write +@scripting +@connection"
    with redis_server(tmp_path, rule) as server:
        shop = RedisStore(f"redis://shop:pass@127.0.0.1:{server.port}", limits=PATIENT)
        elsewhere = RedisStore(f"redis://shop:pass@127.0.0.1:{server.port}", prefix="other:", limits=PATIENT)

        assert used(shop) == b"data"
        assert "the user may not do this" in failure(elsewhere)


def test_scripts_are_sent_again_to_a_server_that_forgot_them(redis_one: RedisServer) -> None:
    async def use() -> bytes:
        store, key = RedisStore(redis_one.url, limits=PATIENT), new_key()
        version = await store.put(key, b"one", LONG, None)
        redis_one.cli("script", "flush", "sync")
        await store.put(key, b"two", LONG, version)
        value = (await found(store, key)).value
        await store.close()
        return value

    assert asyncio.run(use()) == b"two"


def test_a_write_sent_twice_recognises_itself(redis_one: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    together.a_write_sent_twice_recognises_itself(RedisStore(redis_one.url, limits=PATIENT), monkeypatch)


def test_foreign_data_under_the_same_key_is_an_error(redis_one: RedisServer) -> None:
    async def use(key: str) -> None:
        async with asyncio.timeout(30):
            await RedisStore(redis_one.url, limits=PATIENT).get(key)

    short, other = new_key(), new_key()
    redis_one.cli("set", f"mainstay:session:{short}", "abc")
    redis_one.cli("lpush", f"mainstay:session:{other}", "abc")

    with pytest.raises(StoreError, match="choose another prefix"):
        asyncio.run(use(short))
    with pytest.raises(StoreError, match="choose another prefix"):
        asyncio.run(use(other))


def test_a_demoted_server_is_left_and_asked_anew(tmp_path: Path) -> None:
    async def use(server: RedisServer) -> None:
        store, key = RedisStore(server.url, limits=PATIENT), new_key()
        await store.put(key, b"one", LONG, None)
        before = server.cli("client", "list", "type", "normal")
        server.cli("replicaof", "127.0.0.1", "1")
        with pytest.raises(StoreError, match="it is a replica"):
            await store.put(new_key(), b"two", LONG, None)
        server.cli("replicaof", "no", "one")
        await store.put(new_key(), b"two", LONG, None)
        after = server.cli("client", "list", "type", "normal")
        await store.close()
        assert before.split()[0] != after.split()[0]

    with redis_server(tmp_path) as server:
        asyncio.run(use(server))


def test_a_node_of_a_cluster_is_told_apart(tmp_path: Path) -> None:
    with redis_server(tmp_path, *cluster_options()) as server:
        assert "cluster" in failure(RedisStore(server.url, limits=PATIENT)).lower()


def test_a_url_or_a_client_is_needed_and_not_both() -> None:
    with pytest.raises(ValueError, match="needs a URL"):
        RedisStore()


def test_an_address_where_nobody_listens_is_named(tmp_path: Path) -> None:
    assert f"cannot reach Redis at {tmp_path / 'none'}" in failure(RedisStore(f"unix://{tmp_path / 'none'}"))


def test_one_connection_carries_all_and_close_ends_it(redis_one: RedisServer) -> None:
    async def use() -> int:
        store = RedisStore(redis_one.url, limits=PATIENT)
        before = redis_one.clients()
        await asyncio.gather(*(store.get(new_key()) for _ in range(200)))
        opened = redis_one.clients() - before
        await store.close()
        return opened

    until(lambda: redis_one.clients() == 0, what="the connections of other tests to end")

    assert asyncio.run(use()) == 1
    until(lambda: redis_one.clients() == 0)


def test_no_update_is_lost_between_processes(redis_one: RedisServer) -> None:
    together.no_update_is_lost_between_processes(redis_one.url)


def test_a_deletion_wins_over_all_writers(redis_one: RedisServer) -> None:
    together.a_deletion_wins_over_all_writers(redis_one.url)


def test_cancelled_commands_take_no_reply_of_others(redis_one: RedisServer) -> None:
    together.cancelled_commands_take_no_reply_of_others(redis_one.url)


def test_one_store_serves_many_loops(redis_one: RedisServer) -> None:
    together.one_store_serves_many_loops(RedisStore(redis_one.url, limits=PATIENT))


def test_it_outlives_its_server(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        faults.an_asynchronous_store_outlives_its_server(server.url, server.process)

        until(lambda: server.clients() == 0, what="no connection is left behind")
