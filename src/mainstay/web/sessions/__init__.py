"""Sessions for any web app: signed ids in a cookie, the data in a store, changed by compare-and-set.

    from mainstay.web.sessions import Sessions
    from mainstay.web.sessions.stores.sqlite import SQLiteStore

    app = Sessions(app, store=SQLiteStore("sessions.db"), secret=SECRET)     # WSGISessions for WSGI

`request.session` is then a dict with `login(user)`, `logout()`, `regenerate()`. See docs/web-sessions.md.
"""

from mainstay.web.sessions.asgi import Sessions
from mainstay.web.sessions.bound import Session, SyncSession
from mainstay.web.sessions.changes import SessionTooLarge, SessionTooLate
from mainstay.web.sessions.codec import Unencodable
from mainstay.web.sessions.cookie import CookieRefused
from mainstay.web.sessions.session import SessionGone, SessionUnavailable
from mainstay.web.sessions.store import Conflict, Store, Stored, StoreError, SyncStore, Version
from mainstay.web.sessions.users import SessionInfo, end_session, end_sessions_of, sessions_of
from mainstay.web.sessions.wsgi import WSGISessions

__all__ = [
    "Conflict",
    "CookieRefused",
    "Session",
    "SessionGone",
    "SessionInfo",
    "SessionTooLarge",
    "SessionTooLate",
    "SessionUnavailable",
    "Sessions",
    "Store",
    "StoreError",
    "Stored",
    "SyncSession",
    "SyncStore",
    "Unencodable",
    "Version",
    "WSGISessions",
    "end_session",
    "end_sessions_of",
    "sessions_of",
]
