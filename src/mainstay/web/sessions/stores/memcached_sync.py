"""Sessions in Memcached, for blocking apps (Flask, Django, WSGI). The same data and commands as in memcached.py."""

import ssl

from mainstay.web.sessions.stores.driven import Driven
from mainstay.web.sessions.stores.memcached import Addresses, Ringed, memcached_servers
from mainstay.web.sessions.stores.memcached_entries import PREFIX, MemcachedEntries
from mainstay.web.sessions.stores.memcached_wire import Answer
from mainstay.web.sessions.stores.pooled import Pooled
from mainstay.web.sessions.stores.wire import Limits, Server


class SyncMemcachedStore(Driven):
    """A SyncStore in one Memcached or several: see MemcachedStore. As many connections as threads used it at once."""

    def __init__(
        self,
        servers: Addresses,
        *,
        prefix: str = PREFIX,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        carriers = [PooledConnections(server) for server in memcached_servers(servers, tls, limits or Limits())]
        super().__init__(MemcachedEntries(Ringed(carriers), prefix))


class PooledConnections:
    """A Carrier over blocking connections; its calls never suspend."""

    def __init__(self, server: Server[Answer]) -> None:
        self.where = str(server)
        self._pool = Pooled(server)

    async def call(self, command: bytes) -> Answer:
        """As Carrier.call."""
        return self._pool.call(command)

    async def close(self) -> None:
        """As Carrier.close."""
        self._pool.close()
