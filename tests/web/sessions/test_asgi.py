"""What a browser sees of sessions in an ASGI app."""

import logging
from typing import Any

import pytest

from mainstay.web.proxy import Client, TrustedProxies
from mainstay.web.sessions import Session, Sessions, SessionTooLate
from mainstay.web.sessions.stores.memory import MemoryStore, SyncMemoryStore
from tests.web.sessions.browser import OLDER_SECRET, SECRET, Browser, app_of, run, site
from tests.web.sessions.failing import FailingStore


async def count(session: Session) -> int:
    session["n"] = session.get("n", 0) + 1
    number: int = session["n"]
    return number


async def look(session: Session) -> object:
    return session.get("n")


async def ignore(_: Session) -> str:
    return "hello"


async def leave(session: Session) -> str:
    session.logout()
    return "bye"


def test_a_session_lasts_from_request_to_request() -> None:
    browser = site(count)

    bodies = [run(browser.get()).body for _ in range(3)]

    assert bodies == [b"1", b"2", b"3"]


def test_nothing_is_stored_or_sent_before_the_first_write() -> None:
    store = MemoryStore()
    browser = site(look, store=store)

    response = run(browser.get())

    assert response.set_cookie is None
    assert len(store) == 0
    assert response.all("vary") == ["Cookie"]


def test_a_response_that_did_not_look_at_the_session_is_left_alone() -> None:
    response = run(site(ignore).get())

    assert response.headers == []


def test_a_request_without_a_cookie_never_touches_the_store() -> None:
    store = FailingStore(down=True)

    response = run(site(look, store=store).get())

    assert response.status == 200
    assert store.calls == 0


def test_a_cookie_with_a_wrong_signature_never_touches_the_store() -> None:
    store = FailingStore(down=True)
    browser = site(look, store=store)

    for cookie in ("sid=made-up", f"sid={'a' * 32}.{'b' * 43}", "sid=", "sid", "sid=\xff", "sid=;;;=", "=sid"):
        response = run(browser.get(cookie=cookie))
        assert response.status == 200

    assert store.calls == 0


def test_the_cookie_in_development_needs_no_tls() -> None:
    cookie = run(site(count, environment="development").get()).set_cookie

    assert cookie is not None
    value, _, attributes = cookie.partition("; ")
    assert value.startswith("sid=")
    assert attributes == "Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax"


def test_the_cookie_in_production_is_for_this_host_over_tls_alone() -> None:
    cookie = run(site(count, environment="production", scheme="https").get()).set_cookie

    assert cookie is not None
    value, _, attributes = cookie.partition("; ")
    assert value.startswith("__Host-sid=")
    assert attributes == "Max-Age=7776000; Path=/; HttpOnly; Secure; SameSite=Lax"


def test_a_secure_session_over_http_is_not_stored_and_the_log_names_the_proxy_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    browser = site(count, store=store, secure=True)

    responses = [run(browser.get()) for _ in range(3)]

    assert [response.set_cookie for response in responses] == [None] * 3
    assert len(store) == 0
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "trusted_proxy" in caplog.text


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_secure_auto_follows_the_request(scheme: str, secure: bool) -> None:
    cookie = run(site(count, secure="auto", same_site="auto", scheme=scheme).get()).set_cookie

    assert cookie is not None
    assert ("; Secure" in cookie) is secure
    assert ("SameSite=None" in cookie) is secure


def test_what_the_proxy_middleware_found_says_whether_it_is_https() -> None:
    async def behind(scope: Any, receive: Any, send: Any) -> None:
        scope["mainstay.client"] = Client("192.0.2.1", None, "https", "shop.example")
        await sessions(scope, receive, send)

    sessions = Sessions(app_of(count), store=MemoryStore(), secret=SECRET, secure=True)

    assert run(Browser(behind).get()).set_cookie is not None


@pytest.mark.parametrize(("trusted", "sent"), [(TrustedProxies("loopback"), True), (TrustedProxies(), False)])
def test_only_a_proxy_that_is_trusted_is_believed_that_it_was_https(
    trusted: TrustedProxies, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTAY_TRUSTED_PROXY", "loopback")
    browser = site(count, secure=True, proxies=trusted)

    async def said(scope: Any, receive: Any, send: Any) -> None:
        scope["headers"] = [*scope["headers"], (b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"192.0.2.1")]
        await app(scope, receive, send)

    app, browser.app = browser.app, said

    assert (run(browser.get()).set_cookie is not None) is sent


def test_a_response_with_a_cookie_is_for_no_cache() -> None:
    response = run(site(count).get())

    assert response.all("cache-control") == ["private, no-store"]
    assert run(site(count, cache_control=None).get()).all("cache-control") == []


def test_a_cookie_is_sent_once_and_not_with_each_change() -> None:
    browser = site(count)

    sent = [run(browser.get()).set_cookie is not None for _ in range(3)]

    assert sent == [True, False, False]


def test_rolling_sends_it_each_time() -> None:
    browser = site(count, rolling=True, idle=60)

    cookies = [run(browser.get()).set_cookie for _ in range(3)]

    assert all(cookie is not None and "Max-Age=60" in cookie for cookie in cookies)


def test_a_cookie_that_ends_with_the_browser_has_no_date() -> None:
    cookie = run(site(count, persistent=False).get()).set_cookie

    assert cookie is not None
    assert "Max-Age" not in cookie


def test_logout_deletes_the_session_and_clears_the_cookie() -> None:
    store = MemoryStore()
    browser = site(count, store=store)
    run(browser.get())
    cookie = browser.cookies.header()
    browser.app.app = app_of(leave)

    response = run(browser.get())

    assert response.set_cookie == "sid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    assert len(store) == 0
    browser.app.app = app_of(look)
    assert run(browser.get(cookie=cookie)).body == b"None"


def test_what_is_written_after_a_logout_is_a_new_session() -> None:
    async def leave_with_a_word(session: Session) -> str:
        session.logout()
        session["n"] = "see you"
        return "bye"

    browser = site(count)
    run(browser.get())
    old = browser.cookies.header()
    browser.app.app = app_of(leave_with_a_word)
    run(browser.get())
    browser.app.app = app_of(look)

    assert run(browser.get()).body == b"see you"
    assert run(browser.get(cookie=old)).body == b"None"


def test_an_emptied_session_ends() -> None:
    async def empty(session: Session) -> str:
        del session["n"]
        return ""

    store = MemoryStore()
    browser = site(count, store=store)
    run(browser.get())
    browser.app.app = app_of(empty)

    response = run(browser.get())

    assert response.set_cookie is not None
    assert "Max-Age=0" in response.set_cookie
    assert len(store) == 0


def test_an_id_the_client_made_up_is_never_taken() -> None:
    browser, attacker = site(count), "sid=" + "x" * 32

    run(browser.get(cookie=attacker))

    assert browser.cookies.kept["sid"][:32] != "x" * 32


def test_a_login_gives_a_new_id_and_the_old_one_is_good_for_nothing() -> None:
    async def login(session: Session) -> str:
        session.login("ann")
        return str(session["n"])

    browser = site(count)
    run(browser.get())
    known_to_the_attacker = browser.cookies.header()
    browser.app.app = app_of(login)

    response = run(browser.get())

    assert response.body == b"1"
    assert browser.cookies.header() != known_to_the_attacker
    browser.app.app = app_of(look)
    assert run(browser.get()).body == b"1"
    assert run(browser.get(cookie=known_to_the_attacker)).body == b"None"


def test_a_declared_key_that_changes_gives_a_new_id() -> None:
    async def login_by_hand(session: Session) -> str:
        session["user_id"] = 7
        return ""

    browser = site(count, rotate_on=("user_id",))
    run(browser.get())
    before = browser.cookies.header()
    browser.app.app = app_of(login_by_hand)

    run(browser.get())

    assert browser.cookies.header() != before


def test_a_value_signed_with_an_older_secret_is_signed_anew() -> None:
    store = MemoryStore()
    old = site(count, store=store, secret=OLDER_SECRET)
    run(old.get())
    new = site(count, store=store, secret=[SECRET, OLDER_SECRET])
    new.cookies = old.cookies

    first, second = run(new.get()), run(new.get())

    assert (first.body, second.body) == (b"2", b"3")
    assert first.set_cookie is not None
    assert second.set_cookie is None
    only_new = site(count, store=store, secret=SECRET)
    only_new.cookies = new.cookies
    assert run(only_new.get()).body == b"4"


def test_of_several_cookies_the_one_that_is_a_session_is_taken() -> None:
    browser, other = site(count), site(count)
    run(browser.get())
    run(other.get())
    foreign = other.cookies.header()

    response = run(browser.get(cookie=f"sid=garbage; {foreign}; a=b; {browser.cookies.header()}"))

    assert response.body == b"2"


def test_a_nested_change_is_stored() -> None:
    async def add(session: Session) -> str:
        session.setdefault("cart", {"items": []})["items"].append(1)
        return str(session["cart"])

    browser = site(add)

    bodies = [run(browser.get()).body for _ in range(3)]

    assert bodies[-1] == b"{'items': [1, 1, 1]}"


def test_the_store_has_it_before_the_response_starts() -> None:
    store = MemoryStore()
    stored_at_start: list[int] = []

    async def notice(message: Any) -> None:
        if message["type"] == "http.response.start":
            stored_at_start.append(len(store))

    app = Sessions(app_of(count), store=store, secret=SECRET)
    run(app(Browser(app).scope("/", None), None, notice))  # type: ignore[arg-type]

    assert stored_at_start == [1]


def test_what_a_failed_request_changed_is_dropped_unless_asked_for() -> None:
    browser = site(count)
    run(browser.get())
    browser.app.app = app_of(count, status=500)
    run(browser.get())
    browser.app.app = app_of(look)

    assert run(browser.get()).body == b"1"

    keeping = site(count, save_on_error=True)
    keeping.app.app = app_of(count, status=503)
    assert run(keeping.get()).set_cookie is not None


def test_a_logout_counts_also_where_the_request_fails() -> None:
    store = MemoryStore()
    browser = site(count, store=store)
    run(browser.get())
    browser.app.app = app_of(leave, status=500)

    run(browser.get())

    assert len(store) == 0


def test_an_exception_of_the_app_passes_and_nothing_is_stored() -> None:
    async def fail(session: Session) -> str:
        session["n"] = 1
        raise KeyError("mine")

    store = MemoryStore()

    with pytest.raises(KeyError, match="mine"):
        run(site(fail, store=store).get())

    assert len(store) == 0


def _streaming(change: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI's form
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        change(scope["session"])
        await send({"type": "http.response.body", "body": b"two", "more_body": False})

    return app


def test_a_change_in_the_middle_of_a_stream_is_stored_at_its_end() -> None:
    browser = site(count)
    run(browser.get())
    browser.app.app = _streaming(lambda session: session.update(n=7))
    run(browser.get())
    browser.app.app = app_of(look)

    assert run(browser.get()).body == b"7"


def test_a_session_begun_too_late_is_an_error_in_development(caplog: pytest.LogCaptureFixture) -> None:
    late = _streaming(lambda session: session.update(n=7))
    browser = site(look)
    browser.app.app = late

    with pytest.raises(SessionTooLate, match="before the first part"):
        run(browser.get())

    production = site(look, environment="production", scheme="https")
    production.app.app = late
    response = run(production.get())
    assert response.body == b"onetwo"
    assert "nothing was stored" in caplog.text


def test_what_cannot_be_stored_is_named_by_its_key() -> None:
    async def put(session: Session) -> str:
        session["engine"] = object()
        return ""

    with pytest.raises(ValueError, match=r"session\['engine'\] holds a object"):
        run(site(put).get())


def test_a_session_that_grew_too_large_names_the_largest_key() -> None:
    async def put(session: Session) -> str:
        session["small"] = 1
        session["photo"] = b"x" * 1000
        return ""

    with pytest.raises(ValueError, match=r"at most 500 .*session\['photo'\] is the largest"):
        run(site(put, max_bytes=500).get())


def test_a_store_for_blocking_apps_is_refused() -> None:
    with pytest.raises(TypeError, match="SyncMemoryStore is a store for blocking apps"):
        Sessions(app_of(look), store=SyncMemoryStore(), secret=SECRET)  # type: ignore[arg-type]


@pytest.mark.parametrize("nothing", [None, "gone"])
def test_a_framework_that_takes_the_session_away_ends_it(nothing: object) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI's form
        if nothing is None:
            scope["session"] = None
        else:
            del scope["session"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    store = MemoryStore()
    browser = site(count, store=store)
    run(browser.get())
    browser.app.app = app

    run(browser.get())

    assert len(store) == 0
    assert browser.cookies.header() == ""


def test_a_framework_may_put_a_dictionary_in_its_place() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI's form
        scope["session"] = {"n": 41}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    browser = site(count)
    browser.app.app = app
    run(browser.get())
    browser.app.app = app_of(count)

    assert run(browser.get()).body == b"42"


def test_a_session_that_is_not_http_is_none_of_its_business() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - ASGI's form
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nobody calls this")

    run(Sessions(app, store=MemoryStore(), secret=SECRET)({"type": "lifespan"}, nothing, nothing))

    assert seen == ["lifespan"]


def test_no_id_reaches_a_log_or_a_repr(caplog: pytest.LogCaptureFixture) -> None:
    shown: list[str] = []

    async def show(session: Session) -> str:
        session["password"] = "hunter2"
        shown.append(repr(session) + repr(session._found))
        return ""

    store = FailingStore()
    browser = site(show, store=store)
    with caplog.at_level(logging.DEBUG):
        run(browser.get())
        run(browser.get())
        store.down = True
        run(browser.get())
    id_ = browser.cookies.kept["sid"].partition(".")[0]

    for text in [*shown, caplog.text, repr(browser.app), repr(browser.app.core.config)]:
        assert id_ not in text
        assert SECRET not in text
        assert "hunter2" not in text
