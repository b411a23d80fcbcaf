"""Where Memcached listens: host:port, a path, or memcached://user:password@host:port, memcacheds:// for TLS."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from mainstay.web.sessions.stores.wire import Place

_PORT = 11211


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in (memcached -Y); "" for nobody."""

    user: str = ""
    password: str = field(default="", repr=False)


def parse_memcached_url(url: str, tls: ssl.SSLContext | None = None) -> tuple[Place, Account]:
    """Read an address; raises ValueError, which names no password. `tls` replaces memcacheds://'s context."""
    if url.startswith(("/", "unix:")):
        return Place(path="/" + url.removeprefix("unix:").lstrip("/")), Account()
    try:
        parts = urlsplit(url if "://" in url else f"memcached://{url}")
        port = parts.port
    except ValueError:
        raise ValueError("the address of Memcached cannot be read: write it like host:11211") from None
    if parts.scheme not in {"memcached", "memcacheds"}:
        raise ValueError(f"{parts.scheme!r} is no scheme of Memcached: use memcached:// or memcacheds:// (TLS)")
    if parts.path.strip("/") or parts.query:
        raise ValueError("the address of Memcached ends with the port: memcached://host:11211")
    if tls is not None and parts.scheme == "memcached" and "://" in url:
        raise ValueError("tls= is given, but memcached:// is not encrypted: write memcacheds://")
    if parts.scheme == "memcacheds" and tls is None:
        tls = ssl.create_default_context()
    account = Account(unquote(parts.username or ""), unquote(parts.password or ""))
    return Place(host=parts.hostname or "localhost", port=port or _PORT, tls=tls), account
