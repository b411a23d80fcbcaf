"""One request and its response, as the access log sees them: what tokens, formats and `skip` are given."""

from collections.abc import Iterable
from enum import Enum
from time import perf_counter, time
from typing import Any

from mainstay.web.proxy import TrustedProxies, client_of_environ, client_of_scope
from mainstay.web.proxy.client import Client
from mainstay.web.proxy.reading import CLIENT
from mainstay.web.request import (
    environ_header,
    environ_path,
    environ_query,
    scope_header,
    scope_path,
    scope_query,
    scope_url,
)

# Any: ASGI's scope and WSGI's environ are open dictionaries.
ResponseHeaders = Iterable[tuple[Any, Any]]
NOBODY = Client("", None, "http", "")


class Outcome(Enum):
    """How a response ended."""

    OPEN = ""
    COMPLETE = "+"
    CUT = "X"


class Exchange:
    """What happened. A user of it may make one of its own, to see what a format does with it.

    Times are seconds: `started` and `responded` and so on by a clock that only runs forward, `time` since the epoch.
    A time that has not come is 0.0, a status that was not sent 0.
    """

    method = ""
    path = ""
    """As in the request line: not decoded, without the query."""
    query = ""
    version = "1.1"
    """Of HTTP."""
    protocol = "http"
    """`http` or `websocket`."""
    client = NOBODY
    time = 0.0
    started = 0.0
    responded = 0.0
    """When the response's status and headers were sent."""
    first = 0.0
    """When the first byte of its body was."""
    ended = 0.0
    status = 0
    sent = 0
    """Bytes of the body that were really sent."""
    outcome = Outcome.OPEN
    request_id = ""
    trace = ""
    """The trace's id, of a W3C traceparent header that can be read."""
    error: BaseException | None = None
    """What the app raised."""

    def __init__(self, **known: object) -> None:
        self.response_headers: ResponseHeaders = ()
        self.headers: dict[str, str] = {}
        for name, value in known.items():
            if not hasattr(self, name):
                raise TypeError(f"an exchange has no {name!r}")
            setattr(self, name, value)

    @property
    def address(self) -> str:
        """Of the client, past proxies that are trusted; empty when it came by a Unix socket."""
        return self.client.address

    @property
    def completed(self) -> str:
        """`+`: complete, and the connection stays; `-`: complete, and it is closed; `X`: the client left before.

        Whether it stays is what both sides' headers say (RFC 9112 section 9.3).
        """
        if self.outcome is not Outcome.COMPLETE:
            return str(self.outcome.value)
        said = f"{self.header('connection') or ''},{self.response_header('connection') or ''}".lower()
        stays = "close" not in said and (self.version != "1.0" or "keep-alive" in said)
        return "+" if stays else "-"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.path} {self.status or '-'}>"

    @property
    def url(self) -> str:
        """Path and query, as in the request line."""
        query = self.query
        return f"{self.path}?{query}" if query else self.path

    @property
    def seconds(self) -> float:
        """From the request's start to the response's end, or until now; 0 when nothing was measured."""
        return (self.ended or perf_counter()) - self.started if self.started else 0.0

    def header(self, name: str) -> str | None:
        """A header of the request, its name in lower case; of several, one text joined with a comma and a space."""
        return self.headers.get(name)

    def first_header(self, name: str) -> str | None:
        """As `header`; of several, the first."""
        return self.header(name)

    def response_header(self, name: str) -> str | None:
        """A header of the response, its name in lower case; of several, one text joined with a comma and a space."""
        found = [value for key, value in self.response_headers if _text(key).lower() == name]
        return ", ".join(map(_text, found)) if found else None


class ScopeExchange(Exchange):
    """Of an ASGI server. What is in the scope is read when somebody asks."""

    def __init__(self, scope: Any, proxies: TrustedProxies) -> None:
        self.time = time()
        self.started = perf_counter()
        self.response_headers = ()
        self._scope = scope
        self._proxies = proxies
        self._first: dict[bytes, bytes] | None = None

    @property
    def address(self) -> str:
        """Of the client, past proxies that are trusted; empty when it came by a Unix socket."""
        if self._proxies or CLIENT in self._scope:
            return self.client.address
        peer = self._scope.get("client")
        return str(peer[0] or "") if peer else ""

    @property
    def url(self) -> str:
        """Path and query, as in the request line."""
        raw, query = self._scope.get("raw_path"), self._scope.get("query_string")
        if not raw or b"?" in raw:
            return scope_url(self._scope)
        return (raw + b"?" + query if query else raw).decode("latin-1")  # type: ignore[no-any-return]

    @property
    def method(self) -> str:  # type: ignore[override]
        """The method; GET of a websocket's handshake."""
        return self._scope.get("method", "GET")  # type: ignore[no-any-return]

    @property
    def path(self) -> str:  # type: ignore[override]
        """As in the request line."""
        return scope_path(self._scope)

    @property
    def query(self) -> str:  # type: ignore[override]
        """As in the request line."""
        return scope_query(self._scope)

    @property
    def version(self) -> str:  # type: ignore[override]
        """Of HTTP."""
        return self._scope.get("http_version", "1.1")  # type: ignore[no-any-return]

    @property
    def protocol(self) -> str:  # type: ignore[override]
        """`http` or `websocket`."""
        return self._scope["type"]  # type: ignore[no-any-return]

    @property
    def client(self) -> Client:  # type: ignore[override]
        """Who asked, past proxies that are trusted."""
        return client_of_scope(self._scope, self._proxies)

    def header(self, name: str) -> str | None:
        """A header of the request."""
        return scope_header(self._scope, name.encode("latin-1", "replace"))

    def first_header(self, name: str) -> str | None:
        """As `header`; of several, the first."""
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self._scope["headers"]))
        value = first.get(name.encode())
        return None if value is None else value.decode("latin-1")


class EnvironExchange(Exchange):
    """Of a WSGI server."""

    def __init__(self, environ: Any, proxies: TrustedProxies) -> None:
        self.time = time()
        self.started = perf_counter()
        self.response_headers = ()
        self._environ = environ
        self._proxies = proxies
        # An app may change its environ (Werkzeug's dispatcher does): these are read at once.
        self.path = environ_path(environ)
        self.query = environ_query(environ)
        self.method = environ.get("REQUEST_METHOD", "")

    @property
    def version(self) -> str:  # type: ignore[override]
        """Of HTTP."""
        return self._environ.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/")  # type: ignore[no-any-return]

    @property
    def client(self) -> Client:  # type: ignore[override]
        """Who asked, past proxies that are trusted."""
        return client_of_environ(self._environ, self._proxies)

    def header(self, name: str) -> str | None:
        """A header of the request."""
        return environ_header(self._environ, name)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
