"""Sessions in a real Django app, by Django's own API."""

from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from mainstay.web.sessions.stores.memory import SyncMemoryStore
from tests.web.sessions.browser import OLDER_SECRET, SECRET
from tests.web.sessions.test_wsgi import SyncFailingStore

if not settings.configured:
    settings.configure(
        SECRET_KEY=SECRET,
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
        MIDDLEWARE=["mainstay.web.sessions.django.SessionMiddleware"],
        SESSION_ENGINE="mainstay.web.sessions.django",
        DATABASES={},
        USE_TZ=True,
    )
    django.setup()

from django.contrib.sessions.backends.base import UpdateError
from django.test import Client, override_settings

from mainstay.web.sessions import sessions_of
from mainstay.web.sessions.blocking import drive
from mainstay.web.sessions.django import SessionStore, core


def add(request: HttpRequest) -> HttpResponse:
    request.session.setdefault("cart", []).append(1)
    return HttpResponse(str(request.session["cart"]))


def nested(request: HttpRequest) -> HttpResponse:
    request.session["cart"].append(2)
    return HttpResponse(str(request.session["cart"]))


def login(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    request.session["_auth_user_id"] = "7"
    return HttpResponse("")


def logout(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return HttpResponse("")


def fail(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = []
    return HttpResponse("", status=500)


async def in_a_loop(request: HttpRequest) -> HttpResponse:
    await request.session.aset("n", (await request.session.aget("n", 0)) + 1)
    return HttpResponse(str(await request.session.aget("n")))


async def login_in_a_loop(request: HttpRequest) -> HttpResponse:
    await request.session.acycle_key()
    return HttpResponse("")


urlpatterns = [path(view.__name__, view) for view in (add, nested, login, logout, fail, in_a_loop, login_in_a_loop)]


@pytest.fixture
def store() -> Iterator[SyncFailingStore]:
    store = SyncFailingStore()
    with override_settings(MAINSTAY_SESSIONS={"store": store}):
        core.cache_clear()
        yield store
    core.cache_clear()


def test_a_cart_is_kept_with_nested_changes_and_nothing_said(store: SyncMemoryStore) -> None:
    client = Client()
    client.get("/add")
    client.get("/nested")

    response = client.get("/nested")

    assert response.content == b"[1, 2, 2]"
    assert len(store) == 1


def test_the_cookie_is_djangos_and_no_cache_keeps_it(store: SyncMemoryStore) -> None:
    response = Client().get("/add")

    assert response.cookies["sessionid"]["max-age"] == settings.SESSION_COOKIE_AGE
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Vary"] == "Cookie"
    assert response.cookies["sessionid"].value.partition(".")[0] not in str(store._entries)


def test_a_login_has_a_new_key_keeps_the_data_and_is_listed(store: SyncMemoryStore) -> None:
    client = Client()
    client.get("/add")
    before = client.cookies["sessionid"].value

    client.get("/login")

    assert client.cookies["sessionid"].value != before
    assert client.get("/nested").content == b"[1, 2]"
    assert len(store) == 1
    assert len(drive(sessions_of(core().store, "7"))) == 1


def test_a_logout_ends_it(store: SyncMemoryStore) -> None:
    client = Client()
    client.get("/login")

    client.get("/logout")

    assert len(store) == 0
    assert client.cookies["sessionid"].value == ""
    assert drive(sessions_of(core().store, "7")) == []


def test_what_a_failed_view_changed_is_dropped(store: SyncMemoryStore) -> None:
    client = Client()
    client.get("/add")
    client.get("/fail")

    assert client.get("/nested").content == b"[1, 2]"
    assert len(store) == 1


def test_asynchronous_views_have_it(store: SyncMemoryStore) -> None:
    client = Client()
    client.get("/in_a_loop")
    client.get("/login_in_a_loop")

    assert client.get("/in_a_loop").content == b"2"
    assert len(store) == 1


def _stored(**data: Any) -> SessionStore:
    session = SessionStore()
    session.update(data)
    session.save()
    return session


def test_a_key_we_did_not_sign_is_never_taken(store: SyncMemoryStore) -> None:
    session = SessionStore("attacker-chosen-key")
    session["a"] = 1
    session.save()

    assert session.session_key != "attacker-chosen-key"
    assert not session.exists("attacker-chosen-key")
    assert session.exists(session.session_key)
    assert len(store) == 1


@pytest.mark.usefixtures("store")
def test_two_requests_each_keep_what_they_set() -> None:
    key = _stored(a=1).session_key
    first, second = SessionStore(key), SessionStore(key)
    first["b"], second["c"] = 2, 3

    first.save()
    second.save()

    assert dict(SessionStore(key).items()) == {"a": 1, "b": 2, "c": 3}


def test_a_session_that_was_ended_meanwhile_is_not_brought_back(store: SyncMemoryStore) -> None:
    key = _stored(a=1).session_key
    slow = SessionStore(key)
    slow["b"] = 2
    SessionStore(key).flush()

    with pytest.raises(UpdateError):
        slow.save()

    assert len(store) == 0


def test_a_login_after_a_logout_of_the_same_session_begins_empty(store: SyncMemoryStore) -> None:
    key = _stored(secret=1).session_key
    slow = SessionStore(key)
    assert slow["secret"] == 1
    SessionStore(key).flush()

    slow.cycle_key()
    slow["_auth_user_id"] = "7"
    slow.save()

    assert dict(SessionStore(slow.session_key).items()) == {"_auth_user_id": "7"}
    assert len(store) == 1


@pytest.mark.usefixtures("store")
def test_expiry_is_djangos() -> None:
    session = _stored(a=1)
    session.set_expiry(60)
    session.save()

    read = SessionStore(session.session_key)

    assert read.get_expiry_age() == 60
    assert read._held is None or read._held._found is not None
    assert read["a"] == 1
    assert read._held is not None
    assert read._held._found is not None
    assert read._held._found.record.idle == 60


def test_a_key_signed_with_a_fallback_is_signed_anew(store: SyncMemoryStore) -> None:
    with override_settings(SECRET_KEY=OLDER_SECRET):
        core.cache_clear()
        client = Client()
        client.get("/add")
        old = client.cookies["sessionid"].value
    with override_settings(SECRET_KEY_FALLBACKS=[OLDER_SECRET]):
        core.cache_clear()

        response = client.get("/add")

    assert response.content == b"[1, 1]"
    assert response.cookies["sessionid"].value.partition(".")[0] == old.partition(".")[0]
    assert response.cookies["sessionid"].value != old
    assert len(store) == 1


def test_a_store_that_is_down_is_a_503(store: SyncFailingStore) -> None:
    client = Client()
    client.get("/add")
    store.down = True

    read, written = client.get("/nested"), Client().get("/add")

    assert [(response.status_code, response.headers["Retry-After"]) for response in (read, written)] == [(503, "2")] * 2


def test_a_missing_store_is_named() -> None:
    from django.core.exceptions import ImproperlyConfigured

    core.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="MAINSTAY_SESSIONS names no store"):
        core()
    with (
        override_settings(MAINSTAY_SESSIONS={"store": SyncMemoryStore(), "idel": 5}),
        pytest.raises(ImproperlyConfigured, match="no option 'idel'"),
    ):
        core()
