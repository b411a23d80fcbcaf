"""The format `json`: one object a line, with names and types that stay. Nothing that a request sends can break out.

Numbers are numbers: `status`, `bytes`, and `duration_ms` and `ttfb_ms` in milliseconds. What is not known is left out.
"""

import json
from collections.abc import Callable, Iterable

from mainstay.web.accesslog.dates import date
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.redaction import Redaction
from mainstay.web.accesslog.tokens import KNOWN

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str).encode
_user = KNOWN["remote-user"].make("")
_referrer = KNOWN["referrer"].make("")


def as_line(record: object) -> str:
    """A mapping as a line of JSON, in ASCII: what is no printable character of that is escaped."""
    return _encode(record)


class JsonFormat:
    """`headers` and `response_headers` name those that are logged, in objects of their own."""

    def __init__(self, redaction: Redaction, headers: Iterable[str] = (), response_headers: Iterable[str] = ()) -> None:
        self._redaction = redaction
        self._headers = tuple(name.lower() for name in headers)
        self._response_headers = tuple(name.lower() for name in response_headers)

    def __call__(self, exchange: Exchange) -> str:
        """The line of an exchange."""
        client = exchange.client
        record: dict[str, object] = {
            "time": date("iso", exchange.time),
            "method": exchange.method,
            "path": exchange.path,
            "query": self._redaction.query(exchange.query),
            "status": exchange.status,
            "bytes": exchange.sent,
            "duration_ms": round(exchange.seconds * 1e3, 3),
            "ttfb_ms": round((exchange.first - exchange.started) * 1e3, 3) if exchange.first else None,
            "completed": exchange.completed,
            "remote_addr": exchange.address,
            "remote_user": _user(exchange),
            "scheme": client.scheme,
            "host": client.host,
            "http_version": exchange.version,
            "user_agent": exchange.first_header("user-agent"),
            "referrer": _referrer(exchange),
            "request_id": exchange.request_id,
            "trace_id": exchange.trace,
            "error": type(exchange.error).__name__ if exchange.error else None,
        }
        if isinstance(record["referrer"], str):
            record["referrer"] = self._redaction.query(record["referrer"])
        if self._headers:
            record["headers"] = self._chosen(exchange.header, self._headers)
        if self._response_headers:
            record["response_headers"] = self._chosen(exchange.response_header, self._response_headers)
        return _encode({name: value for name, value in record.items() if value not in (None, "")})

    def _chosen(self, read: Callable[[str], str | None], names: tuple[str, ...]) -> dict[str, str]:
        found = ((name, read(name)) for name in names)
        return {name: self._redaction.header(name, value) for name, value in found if value is not None}
