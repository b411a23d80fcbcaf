"""Sessions in Redis or Valkey, for blocking apps (Flask, Django, WSGI). The same data and commands as in redis.py."""

import ssl

from mainstay.settings import Secret
from mainstay.web.sessions.stores.driven import Driven
from mainstay.web.sessions.stores.pooled import Pooled
from mainstay.web.sessions.stores.redis import one_of_two, redis_server
from mainstay.web.sessions.stores.redis_clients import Client, SyncClient, check_client, where_of
from mainstay.web.sessions.stores.redis_entries import PREFIX, Carrier, RedisEntries
from mainstay.web.sessions.stores.resp import Reply, encode
from mainstay.web.sessions.stores.wire import Limits, Server


class SyncRedisStore(Driven):
    """A SyncStore in one Redis server, by URL, or through a blocking client of your own: see RedisStore.

    As many connections are open as threads used it at once.
    """

    def __init__(
        self,
        url: str | Secret = "",
        *,
        client: Client | None = None,
        prefix: str = PREFIX,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        if client is not None:
            one_of_two(url, tls)
            check_client(client, asynchronous=False)
            carrier: Carrier = SyncClient(client, where_of(client))
            super().__init__(RedisEntries(carrier, where_of(client), prefix))
        else:
            server = redis_server(url, tls, limits or Limits())
            super().__init__(RedisEntries(PooledConnections(server), str(server), prefix))


class PooledConnections:
    """A Carrier over blocking connections; its calls never suspend."""

    def __init__(self, server: Server[Reply]) -> None:
        self._pool = Pooled(server)

    async def call(self, *arguments: bytes) -> Reply:
        """As Carrier.call."""
        return self._pool.call(encode(arguments))

    async def distrust(self) -> None:
        """As Carrier.distrust."""
        self._pool.close()

    async def close(self) -> None:
        """As Carrier.close."""
        self._pool.close()
