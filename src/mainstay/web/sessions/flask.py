"""Sessions for Flask: `flask.session` in our stores.

    app.session_interface = FlaskSessions(store=SyncSQLiteStore("sessions.db"), secret=SECRET)

The session is read when a view first looks at it, so that requests for files ask no store.
"""

import logging
from collections.abc import Sequence
from typing import Unpack

import flask
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.exceptions import ServiceUnavailable

from mainstay.web.proxy import client_of_environ
from mainstay.web.sessions import headers
from mainstay.web.sessions.blocking import Blocking, drive
from mainstay.web.sessions.bound import SyncSession
from mainstay.web.sessions.config import Options, SecretLike, configure
from mainstay.web.sessions.core import Core
from mainstay.web.sessions.session import Sendable
from mainstay.web.sessions.store import StoreError, SyncStore
from mainstay.web.sessions.wsgi import blocking

_log = logging.getLogger("mainstay.web.sessions")


class FlaskSession(SyncSession, SessionMixin):
    """`flask.session`. Where the store is down, looking at it ends the view with a 503, or finds nothing."""

    _cookies: list[bytes]

    @property
    def new(self) -> bool:  # type: ignore[override]
        """As is_new: Flask's name for it."""
        return self.is_new

    def _look(self) -> None:
        cookies, self._cookies = self._cookies, []
        if not cookies:
            return
        try:
            drive(self._core.load(self, cookies))
        except StoreError:
            self._unavailable = True  # an error page must not begin another session in place of the user's
            if self._core.config.on_store_error == "fail":
                raise ServiceUnavailable(retry_after=headers.RETRY_AFTER) from None


class FlaskSessions(SessionInterface):
    """Flask's SessionInterface; the keywords are those of `Sessions`. Flask's own SESSION_ settings are not used."""

    def __init__(
        self, *, store: SyncStore | Blocking, secret: SecretLike | Sequence[SecretLike], **options: Unpack[Options]
    ) -> None:
        self.core = Core(blocking(store), configure(secret, **options))

    def open_session(self, app: flask.Flask, request: flask.Request) -> FlaskSession:  # noqa: ARG002 - Flask's form
        """Called by Flask as a request begins."""
        session, config = FlaskSession(self.core), self.core.config
        cookies = request.environ.get("HTTP_COOKIE", "")
        session._cookies = [cookies.encode("latin-1")] if cookies else []
        if config.cookie.secure:
            client = client_of_environ(request.environ, config.proxies)
            session._came(secure=client.secure, needed=config.cookie.secure is True)
        return session

    def save_session(self, app: flask.Flask, session: SessionMixin, response: flask.Response) -> None:  # noqa: ARG002
        """Called by Flask before a response is sent."""
        assert isinstance(session, FlaskSession)
        core = self.core
        try:
            cookie = drive(core.commit(session, response.status_code))
        except StoreError:
            _make_unavailable(response)
            return
        session._sendable = Sendable.STARTED
        if response.is_streamed:
            response.call_on_close(lambda: _save_late(session))  # what the stream's generator changes on its way
        if cookie is None and not session.accessed:
            return
        given: list[tuple[bytes, bytes]] = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
        ]
        raw = headers.with_session(given, core.config, cookie=cookie, accessed=session.accessed)
        _replace_headers(response, raw)


def _save_late(session: FlaskSession) -> None:
    try:
        session.save()
    except StoreError as error:
        _log.error("what a stream changed in its session is lost: %s", error)


def _make_unavailable(response: flask.Response) -> None:
    response.status_code = 503
    response.set_data(headers.UNAVAILABLE)
    _replace_headers(response, headers.unavailable())


def _replace_headers(response: flask.Response, raw: list[headers.Header]) -> None:
    response.headers.clear()
    response.headers.extend(headers.titled(raw))
