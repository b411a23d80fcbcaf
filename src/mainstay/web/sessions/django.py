"""Sessions for Django: its own API over our stores, with changes that lose nothing.

    SESSION_ENGINE = "mainstay.web.sessions.django"
    MAINSTAY_SESSIONS = {"store": SyncSQLiteStore("sessions.db")}

"store" may be the dotted name of a store, too; "secret" is SECRET_KEY with SECRET_KEY_FALLBACKS unless given;
"absolute" is a lifetime in seconds since the login. Cookie and idle lifetime are Django's SESSION_COOKIE_ settings.
"""

from functools import cache
from typing import Any, cast

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.contrib.sessions import middleware
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from mainstay.web.sessions import headers
from mainstay.web.sessions.blocking import drive
from mainstay.web.sessions.bound import SyncSession
from mainstay.web.sessions.config import configure
from mainstay.web.sessions.core import Core, adopt
from mainstay.web.sessions.session import Found, Move
from mainstay.web.sessions.signing import Opened
from mainstay.web.sessions.store import StoreError
from mainstay.web.sessions.wsgi import blocking

SETTING = "MAINSTAY_SESSIONS"


@cache
def core() -> Core:
    """What all requests of this process share. Raises ImproperlyConfigured."""
    given = dict(getattr(settings, SETTING, {}))
    if "store" not in given:
        raise ImproperlyConfigured(f'{SETTING} names no store: {SETTING} = {{"store": SyncSQLiteStore("sessions.db")}}')
    store = given.pop("store")
    store = import_string(store) if isinstance(store, str) else store
    secret = given.pop("secret", [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    given.setdefault("absolute", None)
    try:
        return Core(
            blocking(store), configure(secret, name="django", secure=False, idle=settings.SESSION_COOKIE_AGE, **given)
        )
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{SETTING}: {error}") from error


class SessionStore(SessionBase):
    """`request.session`. The session key is our signed id; nested changes are seen without `modified = True`."""

    _held: SyncSession | None = None
    _said_modified = False

    @property
    def modified(self) -> bool:
        """Whether there is something to store."""
        if self._said_modified:
            return True
        return "_session_cache" in self.__dict__ and self._held is not None and self._held.modified

    @modified.setter
    def modified(self, value: bool) -> None:
        self._said_modified = value

    def exists(self, session_key: str) -> bool:
        """Whether there is such a session."""
        return _find(_open(session_key)) is not None

    def load(self) -> dict[str, Any]:
        """Read the session; a new one when it has ended, or its key is none of ours."""
        held = self._hold()
        opened = _open(self.session_key)
        found = _find(opened)
        if found is None or opened is None:
            self._session_key = None
            return held._contents()
        adopt(held, found)
        if not opened.current:
            self._session_key = core().config.signer.seal(found.id)
            self._said_modified = True  # so that Django sends the cookie signed with the new secret
        return held._contents()

    def create(self) -> None:
        """Begin a session of its own, under a new key."""
        self._held = None
        self._session_key = None
        self.save(must_create=True)
        self.modified = True
        self._session_cache: dict[str, Any] = self._hold()._contents()

    def save(self, must_create: bool = False) -> None:
        """Store the session. Raises UpdateError when it was ended by another request."""
        if self.session_key is None and not must_create:
            self.create()
            return
        data: dict[str, Any] = self._get_session(no_load=must_create)
        held = self._hold()
        if held._found is None and self.session_key is not None:
            raise UpdateError
        held._data = data
        if held._found is None:
            held._user, held._idle = data.get(USER_KEY), float(self.get_expiry_age())
            drive(core().changes.create(held, core().changes.packed(data)))
            self._take_key()
        else:
            self._change(held, held._found, data)

    def _change(self, held: SyncSession, had: Found, data: dict[str, Any]) -> None:
        user, age = data.get(USER_KEY), float(self.get_expiry_age())
        now = Found(had.id, had.key, had.version, msgspec.structs.replace(had.record, idle=age, user=user))
        held._found = now
        drive(core().changes.save(held, now, core().changes.packed(data)))
        if held._found is None:
            raise UpdateError
        if user != had.record.user:
            drive(core().entries.link_anew(had, user))
        self._session_cache = held._contents()

    def delete(self, session_key: str | None = None) -> None:
        """End a session: this one, or the one with the key."""
        found = _find(_open(self.session_key if session_key is None else session_key))
        if found is not None:
            drive(core().entries.delete(found))

    def cycle_key(self) -> None:
        """Give the session a new key and keep its data, but not where it was ended meanwhile: then it begins empty."""
        data = self._get_session()
        held = self._hold()
        if held._found is None:
            self.create()
            return
        held._data, held._move, held._login = data, Move.KEEP, True
        drive(core().persist(held))
        self._take_key()

    async def acycle_key(self) -> None:
        """As cycle_key."""
        await sync_to_async(self.cycle_key)()

    @classmethod
    def clear_expired(cls) -> None:
        """Nothing to do: the stores do it by themselves."""

    def _hold(self) -> SyncSession:
        if self._held is None:
            self._held = SyncSession(core())
        return self._held

    def _take_key(self) -> None:
        held = self._hold()
        assert held._found is not None
        self._session_key = core().config.signer.seal(held._found.id)
        self._session_cache = held._contents()
        self.modified = True


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's own, which answers 503 while the store is down, and lets no cache keep a response with the cookie."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:  # noqa: ARG002
        """Called by Django when a view raises."""
        return _unavailable() if isinstance(exception, StoreError) else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Called by Django before a response is sent."""
        try:
            response = cast(HttpResponseBase, super().process_response(request, response))
        except StoreError:
            return _unavailable()
        control = core().config.cache_control
        if control and settings.SESSION_COOKIE_NAME in response.cookies and not _is_unstored(response):
            response.headers["Cache-Control"] = control
        return response


def _is_unstored(response: HttpResponseBase) -> bool:
    return "no-store" in response.headers.get("Cache-Control", "")


def _open(session_key: str | None) -> Opened | None:
    return None if session_key is None else core().config.signer.open(session_key.encode(errors="replace"))


def _find(opened: Opened | None) -> Found | None:
    return None if opened is None else drive(core().entries.find(opened.id, opened.key, renew=False))


def _unavailable() -> HttpResponse:
    response = HttpResponse(headers.UNAVAILABLE, status=503)
    for name, value in headers.titled(headers.unavailable()):
        response.headers[name] = value
    return response
