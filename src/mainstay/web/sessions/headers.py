"""The headers of a response that carries, or depends on, a session; the same for ASGI and WSGI."""

from mainstay.web.sessions.config import Config

Header = tuple[bytes, bytes]

RETRY_AFTER = 2
"""Seconds after which a client may try again when the store is down."""
UNAVAILABLE = b"Service Unavailable: the session store cannot be reached.\n"


def with_session(headers: list[Header], config: Config, *, cookie: str | None, accessed: bool) -> list[Header]:
    """`headers` and what caches have to know: Vary where the session was looked at, no storing with Set-Cookie."""
    if accessed and not _varies(headers):
        headers = [*headers, (b"vary", b"Cookie")]
    if cookie is None:
        return headers
    if config.cache_control is not None and not _unstored(headers):
        kept = [header for header in headers if header[0].lower() != b"cache-control"]
        headers = [*kept, (b"cache-control", config.cache_control.encode("latin-1"))]
    return [*headers, (b"set-cookie", cookie.encode("latin-1"))]


def unavailable() -> list[Header]:
    """The headers of a 503 whose body is UNAVAILABLE."""
    return [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(UNAVAILABLE)).encode()),
        (b"retry-after", str(RETRY_AFTER).encode()),
        (b"cache-control", b"no-store"),
    ]


def titled(headers: list[Header]) -> list[tuple[str, str]]:
    """`headers` as text, as blocking apps have them, with names like Retry-After."""
    return [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in headers]


def _varies(headers: list[Header]) -> bool:
    return any(name.lower() == b"vary" and (b"cookie" in value.lower() or b"*" in value) for name, value in headers)


def _unstored(headers: list[Header]) -> bool:
    return any(name.lower() == b"cache-control" and b"no-store" in value.lower() for name, value in headers)
