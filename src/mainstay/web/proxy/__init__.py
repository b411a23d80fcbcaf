"""Behind a proxy: who the client is, how it asked and for which host; nobody is believed unless it is said.

app = ProxyMiddleware(app, proxies=TrustedProxies("loopback", "10.0.0.0/8"))
"""

from mainstay.web.proxy.client import Client
from mainstay.web.proxy.middleware import ProxyMiddleware, WSGIProxyMiddleware
from mainstay.web.proxy.networks import TrustedProxiesError
from mainstay.web.proxy.reading import client_of_environ, client_of_scope
from mainstay.web.proxy.trusted import TrustedProxies

__all__ = [
    "Client",
    "ProxyMiddleware",
    "TrustedProxies",
    "TrustedProxiesError",
    "WSGIProxyMiddleware",
    "client_of_environ",
    "client_of_scope",
]
