"""Reading the addresses an app listens on, and telling when two of them are one.

127.0.0.1:8000   [::1]:8000   localhost:8000   unix:/run/shop.sock   unix:shop.sock
8000             the machine itself only, 127.0.0.1
:8000  *:8000    every address, 0.0.0.0
"""

from collections.abc import Iterable

from mainstay.config.problems import Refused
from mainstay.config.values import items, kind_of, text
from mainstay.model.spec import Bind, TcpBind, UnixBind

LOCAL = "127.0.0.1"
DEFAULT_PORT = 8000
_EVERY = "0.0.0.0"
_LONGEST_UNIX = 107
"""Bytes of `sun_path` without the closing NUL: unix(7)."""


def bind(value: object) -> Bind:
    """One address. A relative Unix path stays relative. Raises Refused."""
    if isinstance(value, int) and not isinstance(value, bool):
        return TcpBind(LOCAL, _port(str(value)))
    if not isinstance(value, str):
        raise Refused(f'must be an address like "127.0.0.1:8000", not {kind_of(value)}')
    written = text(value).strip()
    if written.startswith("unix:"):
        return UnixBind(text(written.removeprefix("unix:")))
    if written.startswith(("/", "./")):
        raise Refused(f"not an address: {written!r:.120}", hint=f"write unix:{written}")
    if written.isdecimal():
        return TcpBind(LOCAL, _port(written))
    host, colon, port = written.rpartition(":")
    if not colon or port.endswith("]"):
        raise Refused(f"no port in {written!r:.120}", hint=f"write {written}:{DEFAULT_PORT}")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise Refused(f"not an address: {written!r:.120}", hint="write IPv6 addresses in brackets: [::1]:8000")
    return TcpBind(address_of(host.removeprefix("[").removesuffix("]")), _port(port))


def binds(value: object) -> tuple[Bind, ...]:
    """One address, or a list of them."""
    return items(value, bind)


def address_of(host: str) -> str:
    """The numeric address for a host as people write it. No name is looked up, except `localhost`. Raises Refused."""
    if host in ("", "*"):
        return _EVERY
    if host == "localhost":
        return LOCAL
    import socket

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        raise Refused(
            f"{host!r:.120} is not an address", hint="no name is looked up: write an IP address, or localhost"
        ) from None
    return str(found[0][4][0])


def absolute(address: Bind, folder: str) -> Bind:
    """The address with a relative Unix path taken as relative to `folder`. Raises Refused when it is too long."""
    if isinstance(address, TcpBind):
        return address
    import os

    path = os.path.normpath(os.path.join(folder, os.path.expanduser(address.path)))
    if len(os.fsencode(path)) > _LONGEST_UNIX:
        raise Refused(f"the path of a Unix socket may have {_LONGEST_UNIX} bytes, not {len(os.fsencode(path))}: {path}")
    return UnixBind(path)


def clash(address: Bind, others: Iterable[Bind]) -> Bind | None:
    """The first of `others` that cannot be listened on beside `address`."""
    return next((other for other in others if _same(address, other)), None)


def _same(one: Bind, two: Bind) -> bool:
    if isinstance(one, UnixBind) or isinstance(two, UnixBind):
        return one == two
    if one.port != two.port:
        return False
    hosts = {one.host, two.host}
    every = "::" if any(":" in host for host in hosts) else _EVERY
    return len(hosts) == 1 or (every in hosts and (every == "::") == all(":" in host for host in hosts))


def _port(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and 1 <= int(written[:6]) <= 65535):
        raise Refused(f"not a port: {written!r:.60}", hint="ports go from 1 to 65535")
    return int(written)
