"""Sessions in Redis or Valkey, for asynchronous apps. One connection for each event loop carries all commands.

Needs Redis 6.2 or Valkey, and nothing installed; with hiredis (`pip install 'mainstay[redis]'`) it reads faster.
"""

import ssl

from mainstay.settings import Secret
from mainstay.web.sessions.stores.per_loop import PerLoop
from mainstay.web.sessions.stores.redis_clients import AsyncClient, Client, check_client, where_of
from mainstay.web.sessions.stores.redis_entries import PREFIX, Carrier, RedisEntries
from mainstay.web.sessions.stores.redis_url import parse_redis_url
from mainstay.web.sessions.stores.redis_wire import RedisWire
from mainstay.web.sessions.stores.resp import Reply, encode
from mainstay.web.sessions.stores.wire import Limits, Server


class RedisStore(RedisEntries):
    """A Store in one Redis server, by URL: redis://, rediss:// (TLS, certificates are checked), unix://.

    Or through a client of your own, `RedisStore(client=...)`: redis.asyncio.Redis, one from Sentinel, RedisCluster, or
    valkey-py's; you close it. `timeout` (seconds) ends every command, `connect_timeout` the making of a connection.
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
        limits = limits or Limits()
        if client is not None:
            one_of_two(url, tls)
            check_client(client, asynchronous=True)
            carrier: Carrier = AsyncClient(client, where_of(client), limits.timeout)
            super().__init__(carrier, where_of(client), prefix)
        else:
            server = redis_server(url, tls, limits)
            super().__init__(OwnConnections(server), str(server), prefix)


class OwnConnections:
    """A Carrier over the connection of the running loop."""

    def __init__(self, server: Server[Reply]) -> None:
        self._loops = PerLoop(server)

    async def call(self, *arguments: bytes) -> Reply:
        """As Carrier.call."""
        return await self._loops.here().call(encode(arguments))

    async def distrust(self) -> None:
        """As Carrier.distrust."""
        await self._loops.close()

    async def close(self) -> None:
        """As Carrier.close."""
        await self._loops.close()


def redis_server(url: str | Secret, tls: ssl.SSLContext | None, limits: Limits) -> Server[Reply]:
    """The server that a URL names; raises ValueError."""
    text = url.reveal() if isinstance(url, Secret) else url
    if not text:
        raise ValueError("a Redis store needs a URL, such as redis://localhost:6379/0, or client=")
    place, login = parse_redis_url(text, tls)
    return Server("Redis", place, RedisWire(place, login), limits)


def one_of_two(url: str | Secret, tls: ssl.SSLContext | None) -> None:
    """Refuse a URL beside a client."""
    if url or tls is not None:
        raise ValueError("a Redis store takes a URL or client=, not both: the client knows its server")
