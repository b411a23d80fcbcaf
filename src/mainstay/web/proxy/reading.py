"""The client of an ASGI scope or a WSGI environ: what the access log and the sessions ask for.

`ProxyMiddleware` leaves its answer under `CLIENT`, so that all who ask in one request are told the same.
"""

from mainstay.web.proxy.client import Client
from mainstay.web.proxy.trusted import NAMES, Header, Said, TrustedProxies
from mainstay.web.request import Environ, Scope, scope_header

CLIENT = "mainstay.client"
PEER = "mainstay.peer"
NOBODY = TrustedProxies()
_VARIABLES: dict[Header, tuple[str, ...]] = {
    header: tuple("HTTP_" + name.upper().replace("-", "_") for name in names) for header, names in NAMES.items()
}


def client_of_scope(scope: Scope, proxies: TrustedProxies | None = None) -> Client:
    """The client of an ASGI request or websocket: what `ProxyMiddleware` found, else by `proxies`, else the peer."""
    known: Client | None = scope.get(CLIENT)
    return resolve_scope(scope, proxies or NOBODY) if known is None else known


def client_of_environ(environ: Environ, proxies: TrustedProxies | None = None) -> Client:
    """The client of a WSGI request: what `WSGIProxyMiddleware` found, else by `proxies`, else the peer."""
    known: Client | None = environ.get(CLIENT)
    return resolve_environ(environ, proxies or NOBODY) if known is None else known


def resolve_scope(scope: Scope, proxies: TrustedProxies) -> Client:
    """The client of an ASGI request by `proxies`, whatever was found before."""
    address, port = scope.get("client") or (None, None)
    host = scope_header(scope, b"host") or ""
    return proxies.resolve(address, port, scope.get("scheme", "http"), host, scope["headers"])


def resolve_environ(environ: Environ, proxies: TrustedProxies) -> Client:
    """The client of a WSGI request by `proxies`, whatever was found before."""
    address, port = peer_of_environ(environ)
    scheme, host = environ.get("wsgi.url_scheme", "http"), environ.get("HTTP_HOST", "")
    if not proxies.trusts_peer(address):
        return proxies.untold(address, port, scheme, host)
    said: Said = tuple([environ.get(name, "") for name in _VARIABLES[proxies.header]])
    return proxies.resolve_said(address, port, scheme, host, said)


def peer_of_environ(environ: Environ) -> tuple[str | None, int | None]:
    """The address and the port of the connection's other end, as the server gives them."""
    port = str(environ.get("REMOTE_PORT", ""))
    return environ.get("REMOTE_ADDR"), int(port) if port.isascii() and port.isdecimal() else None
