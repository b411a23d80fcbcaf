"""Sessions for Quart: `quart.session` in our stores, for requests and websockets.

install(app, store=SQLiteStore("sessions.db"), secret=SECRET)
"""

from collections.abc import Sequence
from typing import Any, Unpack

import quart
from quart.sessions import SessionInterface, SessionMixin

from mainstay.web.sessions.asgi import Sessions
from mainstay.web.sessions.bound import Session
from mainstay.web.sessions.config import Options, SecretLike
from mainstay.web.sessions.store import Store


class QuartSession(Session, SessionMixin):
    """`quart.session`."""

    @property
    def new(self) -> bool:  # type: ignore[override]
        """As is_new: Quart's name for it."""
        return self.is_new


class _Middleware(Sessions):
    session_class = QuartSession


class _Interface(SessionInterface):
    """Hands Quart what the middleware has read, and leaves it to it to store."""

    async def open_session(self, app: quart.Quart, request: Any) -> SessionMixin:  # noqa: ARG002 - Quart's form
        session: QuartSession = request.scope["session"]
        return session

    async def save_session(self, app: quart.Quart, session: SessionMixin, response: Any) -> None:
        """The middleware stores the session as the response starts, and what comes later at its end."""


def install(
    app: quart.Quart, *, store: Store, secret: SecretLike | Sequence[SecretLike], **options: Unpack[Options]
) -> None:
    """Give `app` our sessions; the keywords are those of `Sessions`. Quart's own SESSION_ settings are not used."""
    middleware: Any = _Middleware(app.asgi_app, store=store, secret=secret, **options)  # type: ignore[arg-type]
    app.asgi_app = middleware  # type: ignore[method-assign]
    app.session_interface = _Interface()  # type: ignore[assignment]  # annotated as the default's class
