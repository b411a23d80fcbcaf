"""The client of an ASGI scope or a WSGI environ: what the access log and the sessions ask for.

`ProxyMiddleware` leaves its answer under `CLIENT`, so that all who ask in one request are told the same.
"""

from mainstay.web.proxy.client import Client
from mainstay.web.proxy.trusted import NAMES, Header, Said, TrustedProxies
from mainstay.web.request import Environ, Scope

CLIENT = "mainstay.client"
PEER = "mainstay.peer"
NOBODY = TrustedProxies()
_VARIABLES: dict[Header, tuple[str, ...]] = {
    header: tuple("HTTP_" + name.upper().replace("-", "_") for name in names) for header, names in NAMES.items()
}


def client_of_scope(scope: Scope, proxies: TrustedProxies | None = None) -> Client:
    """The client of an ASGI request or websocket: what `ProxyMiddleware` found, else by `proxies`, else the peer."""
    known: Client | None = scope.get(CLIENT)
    return resolve_scope(scope, proxies or NOBODY)[0] if known is None else known


def client_of_environ(environ: Environ, proxies: TrustedProxies | None = None) -> Client:
    """The client of a WSGI request: what `WSGIProxyMiddleware` found, else by `proxies`, else the peer."""
    known: Client | None = environ.get(CLIENT)
    return resolve_environ(environ, proxies or NOBODY)[0] if known is None else known


def resolve_scope(scope: Scope, proxies: TrustedProxies) -> tuple[Client, Client]:
    """The client of an ASGI request by `proxies`, whatever was found before, and the connection's other end."""
    address, port = scope.get("client") or (None, None)
    if port is not None and not isinstance(port, int):  # granian's are text
        port = _port(port)
    scheme, (host, said) = scope.get("scheme", "http"), proxies.said(scope["headers"])
    peer = proxies.untold(address, port, scheme, host)
    if not proxies.trusts_peer(address):
        return peer, peer
    return proxies.resolve_said(address, port, scheme, host, said), peer


def resolve_environ(environ: Environ, proxies: TrustedProxies) -> tuple[Client, Client]:
    """The client of a WSGI request by `proxies`, whatever was found before, and the connection's other end."""
    address, port = environ.get("REMOTE_ADDR"), _port(environ.get("REMOTE_PORT"))
    scheme, host = environ.get("wsgi.url_scheme", "http"), environ.get("HTTP_HOST", "")
    peer = proxies.untold(address, port, scheme, host)
    if not proxies.trusts_peer(address):
        return peer, peer
    said: Said = tuple([environ.get(name, "") for name in _VARIABLES[proxies.header]])
    return proxies.resolve_said(address, port, scheme, host, said), peer


def _port(written: object) -> int | None:
    text = str(written)  # waitress says None of a Unix socket
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
