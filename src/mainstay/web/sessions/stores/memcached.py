"""Sessions in Memcached, for asynchronous apps. One connection for each event loop and server carries all commands.

Needs Memcached 1.6.10 or later, and nothing installed. A full Memcached throws sessions out, and a restarted one has
none: users are logged out then.
"""

import ssl
from collections.abc import Sequence

from mainstay.settings import Secret
from mainstay.web.sessions.stores.memcached_entries import PREFIX, Carrier, MemcachedEntries
from mainstay.web.sessions.stores.memcached_url import parse_memcached_url
from mainstay.web.sessions.stores.memcached_wire import Answer, MemcachedWire
from mainstay.web.sessions.stores.per_loop import PerLoop
from mainstay.web.sessions.stores.ring import Ring
from mainstay.web.sessions.stores.wire import Limits, Server

Addresses = str | Secret | Sequence[str | Secret]


class MemcachedStore(MemcachedEntries):
    """A Store in one Memcached or several: "host:port", a socket's path, or memcached://user:password@host:port.

    memcacheds:// is TLS; certificates are checked. With several, each key belongs to one server by consistent hashing;
    while that one is down its sessions cannot be read: no other takes over, which could bring back what was deleted.
    """

    def __init__(
        self,
        servers: Addresses,
        *,
        prefix: str = PREFIX,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        carriers = [OwnConnections(server) for server in memcached_servers(servers, tls, limits or Limits())]
        super().__init__(Ringed(carriers), prefix)


class OwnConnections:
    """A Carrier over the connection of the running loop."""

    def __init__(self, server: Server[Answer]) -> None:
        self.where = str(server)
        self._loops = PerLoop(server)

    async def call(self, command: bytes) -> Answer:
        """As Carrier.call."""
        return await self._loops.here().call(command)

    async def close(self) -> None:
        """As Carrier.close."""
        await self._loops.close()


class Ringed:
    """Servers on a ring."""

    def __init__(self, carriers: Sequence[Carrier]) -> None:
        self._carriers = carriers
        ring = Ring([(carrier.where, carrier) for carrier in carriers])
        self.server_of = ring.server_of

    def __repr__(self) -> str:
        return ", ".join(carrier.where for carrier in self._carriers)

    async def close(self) -> None:
        """As Servers.close."""
        for carrier in self._carriers:
            await carrier.close()


def memcached_servers(addresses: Addresses, tls: ssl.SSLContext | None, limits: Limits) -> list[Server[Answer]]:
    """The servers that addresses name; raises ValueError."""
    several = [addresses] if isinstance(addresses, str | Secret) else list(addresses)
    servers: list[Server[Answer]] = []
    for address in several:
        text = address.reveal() if isinstance(address, Secret) else address
        place, account = parse_memcached_url(text, tls)
        servers.append(Server("Memcached", place, MemcachedWire(place, account), limits))
    return servers
