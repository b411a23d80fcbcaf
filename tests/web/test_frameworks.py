"""In real frameworks: after the middleware their own idea of client, scheme, URL and redirect is the client's."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainstay.web.proxy import ProxyMiddleware, TrustedProxies, WSGIProxyMiddleware
from tests.web.servers import SRC

PROXIES = TrustedProxies("10.0.0.0/8")
HEADERS = {
    "host": "backend:8000",
    "x-forwarded-for": "6.6.6.6, 192.0.2.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "shop.example",
}
FOUND = {"client": "192.0.2.1", "secure": True, "url": "https://shop.example/where"}


def fastapi_app() -> Any:
    from fastapi import FastAPI, Request
    from fastapi.responses import RedirectResponse

    app = FastAPI()

    @app.get("/where")
    def where(request: Request) -> dict[str, object]:
        host = request.client.host if request.client else ""
        return {"client": host, "secure": request.url.scheme == "https", "url": str(request.url)}

    @app.get("/go")
    def go(request: Request) -> RedirectResponse:
        return RedirectResponse(request.url_for("where"))

    return ProxyMiddleware(app, proxies=PROXIES)


def starlette_app() -> Any:
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse, RedirectResponse
    from starlette.routing import Route

    def where(request: Request) -> JSONResponse:
        host = request.client.host if request.client else ""
        return JSONResponse({"client": host, "secure": request.url.scheme == "https", "url": str(request.url)})

    def go(request: Request) -> RedirectResponse:
        return RedirectResponse(request.url_for("where"))

    routes = [Route("/where", where, name="where"), Route("/go", go)]
    return Starlette(routes=routes, middleware=[Middleware(ProxyMiddleware, proxies=PROXIES)])


def litestar_app() -> Any:
    from litestar import Litestar, Request, get
    from litestar.middleware import DefineMiddleware
    from litestar.response import Redirect

    @get("/where", name="where", sync_to_thread=False)
    def where(request: Request[Any, Any, Any]) -> dict[str, object]:
        host = request.client.host if request.client else ""
        return {"client": host, "secure": request.url.scheme == "https", "url": str(request.url)}

    @get("/go", sync_to_thread=False)
    def go(request: Request[Any, Any, Any]) -> Redirect:
        return Redirect(request.url_for("where"))

    return Litestar([where, go], middleware=[DefineMiddleware(ProxyMiddleware, proxies=PROXIES)])


def quart_app() -> Any:
    from quart import Quart, redirect, request, url_for

    app = Quart(__name__)

    @app.get("/where")
    async def where() -> dict[str, object]:
        return {"client": request.remote_addr, "secure": request.is_secure, "url": request.url}

    @app.get("/go")
    async def go() -> Any:
        return redirect(url_for("where", _external=True))

    app.asgi_app = ProxyMiddleware(app.asgi_app, proxies=PROXIES)  # type: ignore[method-assign]  # as its docs say
    return app


def flask_app() -> Any:
    from flask import Flask, redirect, request, url_for

    app = Flask(__name__)

    @app.get("/where")
    def where() -> dict[str, object]:
        return {"client": request.remote_addr, "secure": request.is_secure, "url": request.url}

    @app.get("/go")
    def go() -> Any:
        return redirect(url_for("where", _external=True))

    app.wsgi_app = WSGIProxyMiddleware(app.wsgi_app, proxies=PROXIES)  # type: ignore[method-assign]  # as its docs say
    return app


async def by_asgi(app: Any, path: str, peer: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://backend:8000") as client:
        return await client.get(path, headers=HEADERS)


def by_wsgi(app: Any, path: str, peer: str) -> httpx.Response:
    with httpx.Client(transport=httpx.WSGITransport(app, remote_addr=peer), base_url="http://backend:8000") as client:
        return client.get(path, headers=HEADERS)


APPS = {
    "fastapi": fastapi_app,
    "starlette": starlette_app,
    "litestar": litestar_app,
    "quart": quart_app,
    "flask": flask_app,
}


def got(name: str, path: str, peer: str = "10.0.0.1") -> httpx.Response:
    app = APPS[name]()
    return by_wsgi(app, path, peer) if name == "flask" else asyncio.run(by_asgi(app, path, peer))


@pytest.mark.parametrize("name", APPS)
def test_a_framework_sees_the_client(name: str) -> None:
    assert got(name, "/where").json() == FOUND


@pytest.mark.parametrize("name", APPS)
def test_a_redirect_leads_to_where_the_client_is(name: str) -> None:
    answer = got(name, "/go")

    assert 301 <= answer.status_code <= 308
    assert answer.headers["location"] == "https://shop.example/where"


@pytest.mark.parametrize("name", APPS)
def test_a_framework_does_not_believe_a_stranger(name: str) -> None:
    assert got(name, "/where", "203.0.113.9").json() == {
        "client": "203.0.113.9",
        "secure": False,
        "url": "http://backend:8000/where",
    }


# A program of its own: Django is configured once in a process.
DJANGO = """
import asyncio, sys
import django
import httpx
from django.conf import settings
from django.http import HttpResponseRedirect, JsonResponse
from django.urls import path, reverse

from mainstay.web.proxy import ProxyMiddleware, TrustedProxies, WSGIProxyMiddleware

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["shop.example", "backend"], SECRET_KEY="x")
django.setup()


def where(request):
    url = request.build_absolute_uri()
    return JsonResponse({"client": request.META["REMOTE_ADDR"], "secure": request.is_secure(), "url": url})


def go(request):
    return HttpResponseRedirect(request.build_absolute_uri(reverse("where")))


urlpatterns = [path("where", where, name="where"), path("go", go)]
proxies, headers = TrustedProxies("10.0.0.0/8"), HEADERS


async def by_asgi(target, peer):
    from django.core.asgi import get_asgi_application

    transport = httpx.ASGITransport(ProxyMiddleware(get_asgi_application(), proxies=proxies), client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://backend:8000") as client:
        return await client.get(target, headers=headers)


def by_wsgi(target, peer):
    from django.core.wsgi import get_wsgi_application

    transport = httpx.WSGITransport(WSGIProxyMiddleware(get_wsgi_application(), proxies=proxies), remote_addr=peer)
    with httpx.Client(transport=transport, base_url="http://backend:8000") as client:
        return client.get(target, headers=headers)


def get(target, peer):
    return asyncio.run(by_asgi(target, peer)) if sys.argv[1] == "asgi" else by_wsgi(target, peer)


print(get("/where", "10.0.0.1").text)
print(get("/go", "10.0.0.1").headers["location"])
print(get("/where", "203.0.113.9").text)
"""


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_django_sees_the_client(interface: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(DJANGO.replace("HEADERS", repr(HEADERS)))
    environ = {**os.environ, "PYTHONPATH": str(SRC)}

    ran = subprocess.run(
        [sys.executable, "main.py", interface], cwd=tmp_path, env=environ, capture_output=True, text=True
    )

    found, location, stranger = ran.stdout.splitlines() or [ran.stderr]
    assert json.loads(found) == FOUND
    assert location == "https://shop.example/where"
    assert json.loads(stranger) == {"client": "203.0.113.9", "secure": False, "url": "http://backend:8000/where"}
