"""Sessions for ASGI apps: `scope["session"]`, which Starlette, FastAPI and Litestar give as `request.session`.

Changes are stored before the response starts: whoever has the response finds in the store what it tells of.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from inspect import iscoroutinefunction
from typing import Any, Unpack

from mainstay.web.proxy import client_of_scope
from mainstay.web.sessions import headers
from mainstay.web.sessions.bound import Session
from mainstay.web.sessions.config import Options, SecretLike, configure
from mainstay.web.sessions.core import Core
from mainstay.web.sessions.session import Sendable
from mainstay.web.sessions.store import Store, StoreError

Scope = MutableMapping[str, Any]  # ASGI's own types: a message's values are of any type
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TRY_AGAIN_LATER = 1013
"""The code a websocket is closed with when the store is down (RFC 6455's registry)."""
_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
_BODIES = ("http.response.body", "websocket.http.response.body")

_log = logging.getLogger("mainstay.web.sessions")


class Sessions:
    """Gives each request of `app` its session. `secret` signs the cookies: one, or several of which the first signs.

    The other keywords are those of `Options`. Raises ValueError or TypeError for what cannot work.
    """

    session_class: type[Session] = Session

    def __init__(
        self, app: App, *, store: Store, secret: SecretLike | Sequence[SecretLike], **options: Unpack[Options]
    ) -> None:
        if not iscoroutinefunction(store.get):
            raise TypeError(
                f"{type(store).__name__} is a store for blocking apps and would stop the event loop: "
                "use the asynchronous one, which is called the same without Sync"
            )
        self.app = app
        self.core = Core(store, configure(secret, **options))

    def __repr__(self) -> str:
        return f"Sessions({self.app!r}, store={self.core.store.store!r})"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        core, session = self.core, self.session_class(self.core)
        cookies = [value for name, value in scope["headers"] if name == b"cookie"]
        if cookies:
            try:
                await core.load(session, cookies)
            except StoreError:
                if core.config.on_store_error == "fail":
                    await _refuse(scope, send)
                    return
                session = self.session_class(core, unavailable=True)
        config = core.config
        if config.cookie.secure:
            session._came(secure=client_of_scope(scope, config.proxies).secure, needed=config.cookie.secure is True)
        scope["session"] = session
        exchange = _Exchange(core, scope, session, send)
        await self.app(scope, receive, exchange.send)
        await exchange.finish()


class _Exchange:
    """One request: what the app sends passes here on its way to the server."""

    __slots__ = ("_bodies", "_core", "_refused", "_scope", "_send", "_session", "_started")

    def __init__(self, core: Core, scope: Scope, session: Session, send: Send) -> None:
        self._core = core
        self._scope = scope
        self._session = session
        self._send = send
        self._started = False
        self._refused = False
        self._bodies = 0

    async def send(self, message: Message) -> None:
        """ASGI's send, as the app gets it."""
        kind = message["type"]
        if kind in _STARTS and not self._started:
            self._started = True
            message = await self._start(message)
        elif kind in _BODIES:
            self._bodies += 1
            if self._bodies > 1 and not message.get("more_body", False):
                await self._save_late()  # before the end of a stream, which the client may be waiting for
        if not self._refused:
            await self._send(message)

    async def finish(self) -> None:
        """The app has returned: what it changed since the response started is stored, too."""
        if self._started and not self._refused:
            await self._save_late()

    async def _start(self, message: Message) -> Message:
        core, session = self._core, self._session
        try:
            self._take_what_the_app_put_there()
            cookie = await core.commit(session, message.get("status", 200))
        except StoreError:
            self._refused = True
            await _refuse(self._scope, self._send)
            return message
        session._sendable = Sendable.STARTED
        if cookie is None and not session.accessed:
            return message
        given = list(message.get("headers", ()))
        now = headers.with_session(given, core.config, cookie=cookie, accessed=session.accessed)
        return {**message, "headers": now}

    async def _save_late(self) -> None:
        try:
            self._take_what_the_app_put_there()
            if self._session.modified:
                await self._core.persist(self._session)
        except StoreError as error:
            _log.error("what a request changed in its session after the response had started is lost: %s", error)

    def _take_what_the_app_put_there(self) -> None:
        """Frameworks replace the session: by a dictionary with its new contents, or by something that means none."""
        there = self._scope.get("session")
        session = self._session
        if there is session:
            return
        self._scope["session"] = session
        if isinstance(there, Mapping):
            session.clear()
            session.update(there)
        elif not session._unavailable:
            session.destroy()


async def _refuse(scope: Scope, send: Send) -> None:
    """Answer that the store is down."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        return
    await send({"type": "http.response.start", "status": 503, "headers": headers.unavailable()})
    await send({"type": "http.response.body", "body": headers.UNAVAILABLE})
