"""Around an app: everything inside sees the client, its scheme and its host instead of the proxy's.

Frameworks need not know: `request.client`, `url_for`, redirects to the same site and "is this https" come out right.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from mainstay.web.proxy.client import Client
from mainstay.web.proxy.reading import CLIENT, PEER, resolve_environ, resolve_scope
from mainstay.web.proxy.trusted import TrustedProxies

# Any: ASGI's and WSGI's dictionaries and callables are open, and each framework has types of its own for them.
Scope = Any
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

_PORTS = {"http": "80", "https": "443"}


class ProxyMiddleware:
    """ASGI: sets `scope["client"]`, `scope["scheme"]` and the Host header to what the client used.

    `proxies`: whom to trust; without it, whom MAINSTAY_TRUSTED_PROXY names. The answer is under
    `scope["mainstay.client"]`, the connection as it is under `scope["mainstay.peer"]`. A request that has an answer
    already passes unchanged: mainstay's own runtime has looked when the app's key `trusted_proxy` is set.
    Raises `TrustedProxiesError` when MAINSTAY_TRUSTED_PROXY cannot be read.
    """

    def __init__(self, app: ASGIApp, *, proxies: TrustedProxies | None = None) -> None:
        self.app = app
        self._proxies = TrustedProxies.from_environment() if proxies is None else proxies

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer a request or a websocket; everything else is passed on."""
        if scope["type"] in ("http", "websocket") and CLIENT not in scope:
            scope = seen_by_client(scope, self._proxies)
        await self.app(scope, receive, send)


class WSGIProxyMiddleware:
    """WSGI: sets REMOTE_ADDR, REMOTE_PORT, `wsgi.url_scheme`, HTTP_HOST, SERVER_NAME and SERVER_PORT.

    Otherwise as `ProxyMiddleware`; the answer is under `environ["mainstay.client"]`.
    """

    def __init__(self, app: WSGIApp, *, proxies: TrustedProxies | None = None) -> None:
        self.app = app
        self._proxies = TrustedProxies.from_environment() if proxies is None else proxies

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        if CLIENT not in environ:
            set_client(environ, self._proxies)
        return self.app(environ, start_response)


def seen_by_client(scope: Scope, proxies: TrustedProxies) -> Scope:
    """The scope as it would be had the client connected without proxies; `scope` itself is not changed."""
    client, peer = resolve_scope(scope, proxies)
    changed = {**scope, CLIENT: client, PEER: peer}
    if client is peer:
        return changed
    if client.address != peer.address or client.port != peer.port:
        changed["client"] = (client.address, client.port or 0) if client.address else None
    if client.scheme != peer.scheme:
        changed["scheme"] = client.scheme if scope["type"] == "http" else client.scheme.replace("http", "ws")
    if client.host != peer.host:
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        changed["headers"] = [(b"host", client.host.encode("latin-1")), *others]
    return changed


def set_client(environ: dict[str, Any], proxies: TrustedProxies) -> None:
    """Make the environ what it would be had the client connected without proxies."""
    client, peer = environ[CLIENT], environ[PEER] = resolve_environ(environ, proxies)
    if client == peer:
        return
    if client.address != peer.address or client.port != peer.port:
        environ["REMOTE_ADDR"] = client.address
        environ["REMOTE_PORT"] = "" if client.port is None else str(client.port)
    environ["wsgi.url_scheme"] = client.scheme
    if client.host:
        environ["HTTP_HOST"] = client.host
        environ["SERVER_NAME"], environ["SERVER_PORT"] = _name_and_port(client)


def _name_and_port(client: Client) -> tuple[str, str]:
    """As CGI has it (RFC 3875 section 4.1.14): an IPv6 address keeps its brackets."""
    before, bracket, after = client.host.rpartition("]")
    name, _, port = after.partition(":")
    return before + bracket + name, port or _PORTS[client.scheme]
