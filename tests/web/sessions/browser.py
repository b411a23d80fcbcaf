"""Browsers for tests: they call an ASGI or WSGI app as a server does, and keep its cookies."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mainstay.web.sessions import Session, Sessions, SyncSession, WSGISessions
from mainstay.web.sessions.stores.memory import MemoryStore

SECRET = "a secret that only the tests of this project use"
OLDER_SECRET = "a secret that these tests used in the year before"

T = TypeVar("T")
Handler = Callable[[Session], Awaitable[object]]
SyncHandler = Callable[[SyncSession], object]


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@dataclass
class Response:
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def set_cookie(self) -> str | None:
        values = self.all("set-cookie")
        assert len(values) < 2
        return values[0] if values else None


@dataclass
class Cookies:
    """What a browser keeps; it drops what Max-Age=0 says."""

    kept: dict[str, str] = field(default_factory=dict)

    def take(self, response: Response) -> None:
        for header in response.all("set-cookie"):
            pair, _, attributes = header.partition(";")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self.kept.pop(name, None)
            else:
                self.kept[name] = value

    def header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.kept.items())


class Browser:
    """Calls an ASGI app, in the test's own loop."""

    def __init__(self, app: Any, *, scheme: str = "http") -> None:  # any framework's app
        self.app = app
        self.scheme = scheme
        self.cookies = Cookies()

    def scope(self, path: str, cookie: str | None) -> dict[str, Any]:
        cookie = self.cookies.header() if cookie is None else cookie
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "scheme": self.scheme,
            "client": ("127.0.0.1", 1234),
            "server": ("testserver", 80),
            "headers": [(b"host", b"testserver")] + ([(b"cookie", cookie.encode("latin-1"))] if cookie else []),
        }

    async def get(self, path: str = "/", *, cookie: str | None = None) -> Response:
        response = Response()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                assert not response.status, "the response started twice"
                response.status = message["status"]
                response.headers = [
                    (key.decode("latin-1"), value.decode("latin-1")) for key, value in message["headers"]
                ]
            else:
                assert response.status, "a body came before the response started"
                response.body += message.get("body", b"")

        await self.app(self.scope(path, cookie), receive, send)
        self.cookies.take(response)
        return response


def app_of(handler: Handler, *, status: int = 200, headers: Any = ()) -> Any:
    """An ASGI app whose body is what `handler(session)` returns."""

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI's form
        text = str(await handler(scope["session"]))
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": text.encode()})

    return app


def site(handler: Handler, *, store: Any = None, secret: Any = SECRET, **options: Any) -> Browser:
    """A browser at an app with sessions."""
    store = MemoryStore() if store is None else store
    scheme = options.pop("scheme", "http")
    return Browser(Sessions(app_of(handler), store=store, secret=secret, **options), scheme=scheme)


class SyncBrowser:
    """Calls a WSGI app."""

    def __init__(self, app: Any, *, scheme: str = "http") -> None:
        self.app = app
        self.scheme = scheme
        self.cookies = Cookies()

    def get(self, path: str = "/", *, cookie: str | None = None) -> Response:
        response = Response()
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], None]:
            assert not response.status or exc_info, "the response started twice"
            response.status, response.headers = int(status[:3]), headers
            return written.append

        cookie = self.cookies.header() if cookie is None else cookie
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": self.scheme,
            "wsgi.input": None,
            **({"HTTP_COOKIE": cookie} if cookie else {}),
        }
        body = self.app(environ, start_response)
        try:
            parts = list(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        response.body = b"".join([*written, *parts])
        self.cookies.take(response)
        return response


def sync_app_of(handler: SyncHandler, *, status: str = "200 OK") -> Any:
    """A WSGI app whose body is what `handler(session)` returns."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        text = str(handler(environ["mainstay.session"]))
        start_response(status, [("Content-Type", "text/plain")])
        return [text.encode()]

    return app


def sync_site(handler: SyncHandler, *, store: Any = None, secret: Any = SECRET, **options: Any) -> SyncBrowser:
    """A browser at a WSGI app with sessions."""
    store = MemoryStore() if store is None else store
    scheme = options.pop("scheme", "http")
    return SyncBrowser(WSGISessions(sync_app_of(handler), store=store, secret=secret, **options), scheme=scheme)
