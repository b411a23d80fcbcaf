"""redis://, rediss:// (TLS) and unix:// URLs, and the same with valkey: where the server is and who logs in."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mainstay.web.sessions.stores.wire import Place

_PORT = 6379
_PLAIN = {"redis", "valkey"}
_TLS = {"rediss", "valkeys"}
_UNIX = {"unix", "redis+unix", "valkey+unix"}


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in ("" is the default user) and which numbered database is used."""

    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0


def parse_redis_url(url: str, tls: ssl.SSLContext | None = None) -> tuple[Place, Login]:
    """Read a URL; raises ValueError, which names no password. `tls` replaces the context that rediss:// would get."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the URL of Redis cannot be read: write it like redis://user:password@host:6379/0") from None
    login = Login(
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=_database(parts),
    )
    if parts.scheme in _UNIX:
        if not parts.path:
            raise ValueError("a unix:// URL of Redis names the socket: unix:///run/redis/redis.sock")
        return Place(path=unquote(parts.path)), login
    if parts.scheme not in _PLAIN | _TLS:
        raise ValueError(f"{parts.scheme!r} is no scheme of Redis: use redis://, rediss:// (TLS) or unix://")
    if tls is not None and parts.scheme in _PLAIN:
        raise ValueError(f"tls= is given, but {parts.scheme}:// is not encrypted: write {parts.scheme}s://")
    if parts.scheme in _TLS and tls is None:
        tls = ssl.create_default_context()
    return Place(host=parts.hostname or "localhost", port=port or _PORT, tls=tls), login


def _database(parts: SplitResult) -> int:
    text = "" if parts.scheme in _UNIX else parts.path.strip("/")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name != "db":
            raise ValueError(
                f"{name!r} in the URL of Redis is not known here: give limits, and tls=, to the store itself"
            )
        text = value
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} in the URL of Redis is not the number of a database")
    return int(text or 0)
