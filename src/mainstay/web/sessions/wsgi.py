"""Sessions for WSGI apps: `environ["mainstay.session"]`. The same core as for ASGI, over stores that block."""

import http
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any, Unpack, cast

from mainstay.web.proxy import client_of_environ
from mainstay.web.sessions import headers
from mainstay.web.sessions.blocking import Blocking, drive
from mainstay.web.sessions.bound import SyncSession
from mainstay.web.sessions.config import Options, SecretLike, configure
from mainstay.web.sessions.core import Core
from mainstay.web.sessions.session import Sendable
from mainstay.web.sessions.store import StoreError, SyncStore

Environ = dict[str, Any]  # PEP 3333: values are of any type
ExcInfo = tuple[type[BaseException], BaseException, TracebackType]
Write = Callable[[bytes], object]
StartResponse = Callable[..., Write]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

KEY = "mainstay.session"

_log = logging.getLogger("mainstay.web.sessions")


def blocking(store: SyncStore | Blocking) -> Blocking:
    """A store for blocking apps as the core takes it. Raises TypeError for one that needs an event loop."""
    if isinstance(store, Blocking):
        return store
    if iscoroutinefunction(store.get):
        name = type(store).__name__
        raise TypeError(f"{name} is a store for asynchronous apps, and this one blocks: use Sync{name}")
    return Blocking(store)


class WSGISessions:
    """Gives each request of `app` its session; the keywords are those of `Sessions`."""

    def __init__(
        self,
        app: App,
        *,
        store: SyncStore | Blocking,
        secret: SecretLike | Sequence[SecretLike],
        **options: Unpack[Options],
    ) -> None:
        self.app = app
        self.core = Core(blocking(store), configure(secret, **options))

    def __repr__(self) -> str:
        return f"WSGISessions({self.app!r}, store={self.core.store.store!r})"

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI's entry."""
        core, session = self.core, SyncSession(self.core)
        cookies = environ.get("HTTP_COOKIE")
        if cookies:
            try:
                drive(core.load(session, [cookies.encode("latin-1")]))
            except StoreError:
                if core.config.on_store_error == "fail":
                    return _refuse(start_response)
                session = SyncSession(core, unavailable=True)
        config = core.config
        if config.cookie.secure:
            session._came(secure=client_of_environ(environ, config.proxies).secure, needed=config.cookie.secure is True)
        environ[KEY] = session
        return _Exchange(core, session, start_response).run(self.app, environ)


class _Exchange:
    """One request: what the app says passes here on its way to the server."""

    __slots__ = ("_core", "_refusal", "_session", "_start_response", "_started")

    def __init__(self, core: Core, session: SyncSession, start_response: StartResponse) -> None:
        self._core = core
        self._session = session
        self._start_response = start_response
        self._started = False
        self._refusal: list[bytes] | None = None

    def run(self, app: App, environ: Environ) -> Iterable[bytes]:
        """The body to send."""
        body = app(environ, self._start)
        if self._refusal is not None:
            _close(body)
            return self._refusal
        if isinstance(body, (list, tuple)) and self._started:
            self.finish()
            return body
        return _Body(self, body)

    def _start(self, status: str, given: list[tuple[str, str]], exc_info: ExcInfo | None = None) -> Write:
        core, session = self._core, self._session
        if self._refusal is not None:
            return _discard
        try:
            cookie = drive(core.commit(session, int(status[:3])))
        except StoreError:
            self._refusal = _refuse(self._start_response, exc_info)
            return _discard
        session._sendable = Sendable.STARTED
        self._started = True
        if cookie is not None or session.accessed:
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
            raw = headers.with_session(raw, core.config, cookie=cookie, accessed=session.accessed)
            given = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
        return self._start_response(status, given, *([] if exc_info is None else [exc_info]))

    def finish(self) -> None:
        """The app has come to its end: what it changed since the response started is stored, too."""
        if not self._started:
            return
        try:
            drive(self._core.persist(self._session))
        except StoreError as error:
            _log.error("what a request changed in its session after the response had started is lost: %s", error)

    @property
    def refusal(self) -> list[bytes] | None:
        """The body of our 503, when the store failed as the app was about to answer."""
        return self._refusal


class _Body:
    """The app's body, which may begin the response only when it is asked for its first part."""

    __slots__ = ("_body", "_done", "_exchange", "_parts")

    def __init__(self, exchange: _Exchange, body: Iterable[bytes]) -> None:
        self._exchange = exchange
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._done = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._done:
            raise StopIteration
        if self._parts is None:
            self._parts = iter(self._body)
        try:
            part = next(self._parts)
        except StopIteration:
            self._done = True
            if self._exchange.refusal is None:
                self._exchange.finish()
                raise
            return self._exchange.refusal[0]
        if self._exchange.refusal is not None:
            self._done = True
            return self._exchange.refusal[0]
        return part

    def close(self) -> None:
        """PEP 3333: called by the server at the end of each request."""
        try:
            _close(self._body)
        finally:
            if self._exchange.refusal is None:
                self._exchange.finish()


def _refuse(start_response: StartResponse, exc_info: ExcInfo | None = None) -> list[bytes]:
    status = http.HTTPStatus.SERVICE_UNAVAILABLE
    given = headers.titled(headers.unavailable())
    start_response(f"{status.value} {status.phrase}", given, *([] if exc_info is None else [exc_info]))
    return [headers.UNAVAILABLE]


def _discard(_: bytes) -> None:
    """What the app writes after its response was replaced."""


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        cast("Callable[[], None]", close)()
