"""The app behind proxies: where the daemon was told whom to trust, the app sees the client whatever its engine.

The one place where the runtime uses what apps import themselves (`mainstay.web.proxy`), and only when it is asked to:
an app that stands behind nginx should be right by the key `trusted_proxy` alone. The engines' own ideas of proxies are
off: uvicorn would believe anybody on this machine.
"""

from collections.abc import Mapping
from dataclasses import replace

from mainstay.runtime.load import App, CannotLoad, Loaded
from mainstay.runtime.messages import Interface

VARIABLE = "MAINSTAY_TRUSTED_PROXY"


def has_proxies(environ: Mapping[str, str]) -> bool:
    """Whether the environment names somebody who is trusted."""
    return bool(environ.get(VARIABLE, "").strip())


def behind_proxies(loaded: Loaded, environ: Mapping[str, str]) -> Loaded:
    """The app with what resolves its clients around it, where the environment names somebody. Raises `CannotLoad`."""
    if not has_proxies(environ):
        return loaded
    from mainstay.web.proxy import ProxyMiddleware, TrustedProxies, TrustedProxiesError, WSGIProxyMiddleware

    try:
        proxies = TrustedProxies.from_environment(environ)
    except TrustedProxiesError as error:
        raise CannotLoad(error.message, error.hint) from None
    app: App
    if loaded.interface is Interface.WSGI:
        app = WSGIProxyMiddleware(loaded.app, proxies=proxies)
    else:
        app = ProxyMiddleware(loaded.app, proxies=proxies)
    return replace(loaded, app=app)
