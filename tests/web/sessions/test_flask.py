"""Sessions in a real Flask app."""

from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from mainstay.web.sessions.flask import FlaskSession, FlaskSessions
from mainstay.web.sessions.stores.memory import SyncMemoryStore
from tests.web.sessions.browser import SECRET
from tests.web.sessions.test_wsgi import SyncFailingStore


def shop(store: Any, **options: Any) -> FlaskClient:
    app = flask.Flask("shop")
    app.session_interface = FlaskSessions(store=store, secret=SECRET, **options)

    @app.get("/add/<name>")
    def add(name: str) -> str:
        flask.session.setdefault("cart", []).append(name)
        return ",".join(flask.session["cart"])

    @app.get("/login/<user>")
    def login(user: str) -> str:
        assert isinstance(flask.session, FlaskSession) or flask.session
        flask.session.login(user)  # type: ignore[attr-defined]
        flask.flash("welcome")
        return ""

    @app.get("/who")
    def who() -> str:
        return f"{flask.session.user} {flask.get_flashed_messages()}"  # type: ignore[attr-defined]

    @app.get("/logout")
    def logout() -> str:
        flask.session.logout()  # type: ignore[attr-defined]
        return ""

    @app.get("/fail")
    def fail() -> str:
        flask.session["cart"] = ["lost"]
        raise KeyError("mine")

    @app.get("/stream")
    def stream() -> flask.Response:
        cart = flask.session["cart"]

        def parts() -> Iterator[str]:
            yield "one"
            cart.append("streamed")
            yield "two"

        return flask.Response(flask.stream_with_context(parts()))

    @app.get("/file")
    def file() -> str:
        return "no session here"

    return app.test_client()


def test_a_cart_is_kept_with_nested_changes_and_nothing_said() -> None:
    client = shop(SyncMemoryStore())

    bodies = [client.get(f"/add/{name}").text for name in ("tea", "milk", "sugar")]

    assert bodies == ["tea", "tea,milk", "tea,milk,sugar"]


def test_the_cookie_is_ours() -> None:
    client = shop(SyncMemoryStore())

    response = client.get("/add/tea")

    assert response.headers["Set-Cookie"].endswith("; Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Vary"] == "Cookie"


def test_login_flash_and_logout() -> None:
    store = SyncMemoryStore()
    client = shop(store)
    client.get("/add/tea")
    before = client.get_cookie("sid")
    client.get("/login/ann")
    after = client.get_cookie("sid")

    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert client.get("/who").text == "ann ['welcome']"
    assert client.get("/who").text == "ann []"
    client.get("/logout")
    assert client.get_cookie("sid") is None
    assert len(store) == 0


def test_what_a_failed_view_changed_is_dropped() -> None:
    client = shop(SyncMemoryStore())
    client.get("/add/tea")

    assert client.get("/fail").status_code == 500

    assert client.get("/add/milk").text == "tea,milk"


def test_what_a_stream_changes_on_its_way_is_stored() -> None:
    client = shop(SyncMemoryStore())
    client.get("/add/tea")

    assert client.get("/stream", buffered=True).text == "onetwo"  # read and closed, as a server does

    assert client.get("/add/milk").text == "tea,streamed,milk"


def test_a_store_that_goes_down_while_a_stream_is_sent_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    store = SyncFailingStore()
    client = shop(store)
    client.get("/add/tea")
    response = client.get("/stream")
    store.down = True

    assert response.text == "onetwo"
    response.close()

    assert "what a stream changed in its session is lost: connection refused" in caplog.text


def test_a_store_that_is_down_is_a_503_where_the_session_is_needed_and_nowhere_else() -> None:
    store = SyncFailingStore()
    client = shop(store)
    client.get("/add/tea")
    store.down = True

    needed, not_needed = client.get("/who"), client.get("/file")

    assert (needed.status_code, needed.headers["Retry-After"]) == (503, "2")
    assert not_needed.status_code == 200


def test_a_store_that_fails_when_the_session_is_stored_is_a_503() -> None:
    store = SyncFailingStore()
    store.down = True

    response = shop(store).get("/add/tea")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.text.startswith("Service Unavailable")


def test_anonymous_views_go_on() -> None:
    store = SyncFailingStore()
    client = shop(store, on_store_error="anonymous")
    client.get("/login/ann")
    store.down = True

    assert client.get("/who").text == "None []"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_secure_follows_the_scheme(scheme: str) -> None:
    response = shop(SyncMemoryStore(), secure=True).get("/add/tea", base_url=f"{scheme}://localhost")

    assert ("Set-Cookie" in response.headers) is (scheme == "https")
