"""What a browser sees of sessions in a WSGI app."""

from collections.abc import Iterator
from typing import Any

import pytest

from mainstay.web.sessions import SyncSession, WSGISessions
from mainstay.web.sessions.store import Stored, StoreError, Version
from mainstay.web.sessions.stores.memory import MemoryStore, SyncMemoryStore
from tests.web.sessions.browser import SECRET, SyncBrowser, sync_app_of, sync_site
from tests.web.sessions.failing import FailingStore


class SyncFailingStore(SyncMemoryStore):
    down = False

    def get(self, key: str, renew: float | None = None) -> Stored | None:
        self._reach()
        return super().get(key, renew)

    def put(self, key: str, value: bytes, ttl: float, expected: Version | None) -> Version:
        self._reach()
        return super().put(key, value, ttl, expected)

    def _reach(self) -> None:
        if self.down:
            raise StoreError("connection refused")


def count(session: SyncSession) -> int:
    session["n"] = session.get("n", 0) + 1
    number: int = session["n"]
    return number


def look(session: SyncSession) -> object:
    return session.get("n")


def test_a_session_lasts_from_request_to_request() -> None:
    browser = sync_site(count)

    bodies = [browser.get().body for _ in range(3)]

    assert bodies == [b"1", b"2", b"3"]


def test_the_cookie_comes_with_the_headers_of_the_first_response() -> None:
    browser = sync_site(count)

    first, second = browser.get(), browser.get()

    assert first.set_cookie is not None
    assert first.set_cookie.endswith("; Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax")
    assert first.all("cache-control") == ["private, no-store"]
    assert first.all("vary") == ["Cookie"]
    assert second.set_cookie is None


def test_logout_deletes_the_session_and_clears_the_cookie() -> None:
    store = SyncMemoryStore()
    browser = sync_site(count, store=store)
    browser.get()
    browser.app.app = sync_app_of(lambda session: session.logout())

    response = browser.get()

    assert response.set_cookie is not None
    assert "Max-Age=0" in response.set_cookie
    assert len(store) == 0


def test_a_secure_session_over_http_is_not_stored(caplog: pytest.LogCaptureFixture) -> None:
    store = SyncMemoryStore()

    response = sync_site(count, store=store, secure=True).get()

    assert response.set_cookie is None
    assert len(store) == 0
    assert "trusted_proxy" in caplog.text


def test_a_secure_session_over_https_is() -> None:
    response = sync_site(count, secure=True, scheme="https").get()

    assert response.set_cookie is not None
    assert response.set_cookie.startswith("__Host-sid=")


def _late_start(session: SyncSession, start_response: Any) -> Iterator[bytes]:
    session["n"] = 5
    start_response("200 OK", [])
    yield b"one"
    session["m"] = 6
    yield b"two"


def test_an_app_that_is_a_generator_starts_late_and_changes_late() -> None:
    browser = sync_site(count)
    browser.app.app = lambda environ, start: _late_start(environ["mainstay.session"], start)

    response = browser.get()

    assert response.body == b"onetwo"
    assert response.set_cookie is not None
    browser.app.app = sync_app_of(lambda session: f"{session['n']} {session['m']}")
    assert browser.get().body == b"5 6"


def test_a_generator_that_nobody_reads_to_the_end_is_closed_and_stored() -> None:
    closed: list[bool] = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        try:
            yield from _late_start(environ["mainstay.session"], start_response)
        finally:
            closed.append(True)

    sessions = WSGISessions(app, store=MemoryStore(), secret=SECRET)
    body = sessions({"wsgi.url_scheme": "http"}, lambda *_: lambda _: None)
    next(iter(body))

    body.close()  # type: ignore[attr-defined]

    assert closed == [True]


def test_a_store_that_is_down_makes_a_503() -> None:
    store = SyncFailingStore()
    browser = sync_site(count, store=store)
    browser.get()
    store.down = True

    response = browser.get()

    assert response.status == 503
    assert response.all("retry-after") == ["2"]


@pytest.mark.parametrize("kind", ["list", "generator", "write"])
def test_a_store_that_fails_when_the_session_is_stored_makes_a_503(kind: str) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        environ["mainstay.session"]["n"] = 1
        if kind == "generator":
            return _late_start(environ["mainstay.session"], start_response)
        write = start_response("200 OK", [("Content-Length", "3")])
        if kind == "write":
            write(b"one")
            return []
        return [b"one"]

    store = SyncFailingStore()
    store.down = True
    browser = SyncBrowser(WSGISessions(app, store=store, secret=SECRET))

    response = browser.get()

    assert response.status == 503
    assert response.body == b"Service Unavailable: the session store cannot be reached.\n"


def test_anonymous_requests_go_on_without_the_store() -> None:
    store = SyncFailingStore()
    browser = sync_site(count, store=store, on_store_error="anonymous")
    browser.get()
    store.down = True
    browser.app.app = sync_app_of(look)

    response = browser.get()

    assert (response.status, response.body) == (200, b"None")


def test_what_a_failed_request_changed_is_dropped() -> None:
    browser = sync_site(count)
    browser.get()
    browser.app.app = sync_app_of(count, status="500 Internal Server Error")
    browser.get()
    browser.app.app = sync_app_of(look)

    assert browser.get().body == b"1"


def test_a_store_for_asynchronous_apps_is_refused() -> None:
    with pytest.raises(TypeError, match="use SyncFailingStore"):
        WSGISessions(sync_app_of(look), store=FailingStore(), secret=SECRET)  # type: ignore[arg-type]


def test_an_error_page_begun_anew_passes() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["mainstay.session"]["n"] = 1
        start_response("200 OK", [])
        try:
            raise KeyError("mine")
        except KeyError as error:
            start_response("500 Oh", [], (type(error), error, error.__traceback__))
        return [b"sorry"]

    response = SyncBrowser(WSGISessions(app, store=MemoryStore(), secret=SECRET)).get()

    assert (response.status, response.body) == (500, b"sorry")
