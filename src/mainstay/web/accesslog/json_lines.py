"""The format `json`: one object a line, with names and types that stay. Nothing that a request sends can break out.

Numbers are numbers: `status`, `bytes`, and `duration_ms` and `ttfb_ms` in milliseconds. What is not known is left out.
"""

import json
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring_ascii
from operator import attrgetter

from mainstay.web.accesslog.dates import date_in
from mainstay.web.accesslog.exchange import Exchange
from mainstay.web.accesslog.redaction import Redaction
from mainstay.web.accesslog.tokens import KNOWN, Read, Value

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str).encode
_iso = date_in("iso")
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
        fields = FIELDS | {"query": self._query, "referrer": self._referred}
        self._fields = tuple((f'"{name}":', read) for name, read in fields.items())

    def __call__(self, exchange: Exchange) -> str:
        """The line of an exchange."""
        parts: list[str] = []
        for name, read in self._fields:
            value = read(exchange)
            if isinstance(value, str):
                if value:
                    parts.append(name + encode_basestring_ascii(value))
            elif value is not None:
                parts.append(f"{name}{value!r}")
        if self._headers:
            parts.append(f'"headers":{self._chosen(exchange.header, self._headers)}')
        if self._response_headers:
            parts.append(f'"response_headers":{self._chosen(exchange.response_header, self._response_headers)}')
        return f"{{{','.join(parts)}}}"

    def _query(self, exchange: Exchange) -> Value:
        return self._redaction.query(exchange.query)

    def _referred(self, exchange: Exchange) -> Value:
        referrer = _referrer(exchange)
        return self._redaction.query(referrer) if isinstance(referrer, str) else None

    def _chosen(self, read: Callable[[str], str | None], names: tuple[str, ...]) -> str:
        found = ((name, read(name)) for name in names)
        return _encode({name: self._redaction.header(name, value) for name, value in found if value is not None})


def _first_byte(exchange: Exchange) -> Value:
    return round((exchange.first - exchange.started) * 1e3, 3) if exchange.first else None


FIELDS: dict[str, Read] = {
    "time": lambda exchange: _iso(exchange.time),
    "method": attrgetter("method"),
    "path": attrgetter("path"),
    "query": attrgetter("query"),
    "status": attrgetter("status"),
    "bytes": attrgetter("sent"),
    "duration_ms": lambda exchange: round(exchange.seconds * 1e3, 3),
    "ttfb_ms": _first_byte,
    "completed": attrgetter("completed"),
    "remote_addr": attrgetter("address"),
    "remote_user": KNOWN["remote-user"].make(""),
    "scheme": attrgetter("client.scheme"),
    "host": attrgetter("client.host"),
    "http_version": attrgetter("version"),
    "user_agent": KNOWN["user-agent"].make(""),
    "referrer": _referrer,
    "request_id": attrgetter("request_id"),
    "trace_id": attrgetter("trace"),
    "error": lambda exchange: type(exchange.error).__name__ if exchange.error else None,
}
"""What a line holds, in this order."""
