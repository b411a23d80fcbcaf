"""The middlewares: what the app inside sees, and what it is not shown."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from mainstay.web.proxy import Client, ProxyMiddleware, TrustedProxies, TrustedProxiesError, WSGIProxyMiddleware

PROXIES = TrustedProxies("loopback")
SAID = [(b"x-forwarded-for", b"192.0.2.1:6000"), (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"a.example")]


def scope(*headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    head = [(b"host", b"backend:8000"), *headers]
    return {"type": "http", "client": ("127.0.0.1", 5000), "scheme": "http", "headers": head, **more}


def environ(**more: str) -> dict[str, Any]:
    server = {"wsgi.url_scheme": "http", "HTTP_HOST": "backend:8000", "SERVER_NAME": "backend", "SERVER_PORT": "8000"}
    return {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "5000", **server, **more}


def seen(scope: dict[str, Any], proxies: TrustedProxies | None = PROXIES) -> dict[str, Any]:
    """The scope that an app inside is given."""
    given: list[dict[str, Any]] = []

    async def app(inner: dict[str, Any], _receive: Any, _send: Any) -> None:
        given.append(inner)

    asyncio.run(ProxyMiddleware(app, proxies=proxies)(scope, None, None))
    return given[0]


def seen_by_wsgi(environ: dict[str, Any], proxies: TrustedProxies | None = PROXIES) -> dict[str, Any]:
    """The environ that an app inside is given."""

    def app(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        return [b"answer"]

    assert WSGIProxyMiddleware(app, proxies=proxies)(environ, None) == [b"answer"]
    return environ


def test_an_asgi_app_sees_what_the_client_used() -> None:
    inner = seen(scope(*SAID))

    assert inner["client"] == ("192.0.2.1", 6000)
    assert inner["scheme"] == "https"
    assert [value for name, value in inner["headers"] if name == b"host"] == [b"a.example"]
    assert inner["mainstay.client"] == Client("192.0.2.1", 6000, "https", "a.example")
    assert inner["mainstay.peer"] == Client("127.0.0.1", 5000, "http", "backend:8000")


def test_a_wsgi_app_sees_what_the_client_used() -> None:
    inner = seen_by_wsgi(
        environ(
            HTTP_X_FORWARDED_FOR="192.0.2.1:6000", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="a.example"
        )
    )

    assert (inner["REMOTE_ADDR"], inner["REMOTE_PORT"], inner["wsgi.url_scheme"]) == ("192.0.2.1", "6000", "https")
    assert (inner["HTTP_HOST"], inner["SERVER_NAME"], inner["SERVER_PORT"]) == ("a.example", "a.example", "443")
    assert inner["mainstay.client"] == Client("192.0.2.1", 6000, "https", "a.example")
    assert inner["mainstay.peer"] == Client("127.0.0.1", 5000, "http", "backend:8000")


def test_a_stranger_changes_nothing() -> None:
    before = scope(*SAID, client=("203.0.113.9", 5000))
    before_wsgi = environ(REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="127.0.0.1", HTTP_X_FORWARDED_PROTO="https")
    copy = dict(before_wsgi)

    after, after_wsgi = seen(before), seen_by_wsgi(before_wsgi)

    itself = Client("203.0.113.9", 5000, "http", "backend:8000")
    assert after == {**before, "mainstay.client": itself, "mainstay.peer": itself}
    assert after_wsgi == {**copy, "mainstay.client": itself, "mainstay.peer": itself}


def test_the_scope_of_the_server_is_not_changed() -> None:
    before = scope(*SAID)
    copy = {**before, "headers": list(before["headers"])}

    seen(before)

    assert before == copy


def test_a_websocket_keeps_a_scheme_of_its_own() -> None:
    assert seen(scope(*SAID, type="websocket", scheme="ws"))["scheme"] == "wss"
    assert seen(scope(type="websocket", scheme="ws"))["scheme"] == "ws"


def test_what_is_no_request_passes_as_it_is() -> None:
    lifespan = {"type": "lifespan", "state": {}}

    assert seen(lifespan) is lifespan


def test_a_request_that_has_been_looked_at_passes_as_it_is() -> None:
    found = Client("192.0.2.7", None, "http", "b.example")
    known, known_environ = scope(*SAID, **{"mainstay.client": found}), {**environ(), "mainstay.client": found}

    assert seen(known) is known
    assert seen_by_wsgi(dict(known_environ)) == known_environ


def test_a_client_whose_address_is_not_known_has_none() -> None:
    proxies = TrustedProxies("unix")

    assert seen(scope((b"x-forwarded-proto", b"https"), client=None), proxies)["client"] is None
    told = seen(scope((b"x-forwarded-for", b"192.0.2.1"), client=None), proxies)
    assert told["client"] == ("192.0.2.1", 0)


def test_a_port_that_is_not_known_is_empty_in_an_environ() -> None:
    assert seen_by_wsgi(environ(HTTP_X_FORWARDED_FOR="192.0.2.1"))["REMOTE_PORT"] == ""


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [("a.example:8443", "a.example", "8443"), ("[2001:db8::1]", "[2001:db8::1]", "443"), ("[::1]:444", "[::1]", "444")],
)
def test_the_name_and_the_port_of_the_server_are_those_of_the_host(host: str, name: str, port: str) -> None:
    inner = seen_by_wsgi(environ(HTTP_X_FORWARDED_HOST=host, HTTP_X_FORWARDED_PROTO="https"))

    assert (inner["SERVER_NAME"], inner["SERVER_PORT"]) == (name, port)


def test_without_proxies_the_environment_says_whom_to_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(scope(*SAID), None)["client"] == ("127.0.0.1", 5000)

    monkeypatch.setenv("MAINSTAY_TRUSTED_PROXY", "loopback")

    assert seen(scope(*SAID), None)["client"] == ("192.0.2.1", 6000)
    assert seen_by_wsgi(environ(HTTP_X_FORWARDED_FOR="192.0.2.1"), None)["REMOTE_ADDR"] == "192.0.2.1"


def test_an_environment_that_cannot_be_read_is_told_when_the_app_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTAY_TRUSTED_PROXY", "*")

    with pytest.raises(TrustedProxiesError, match="MAINSTAY_TRUSTED_PROXY: \\* would let every client say who it is"):
        seen(scope(), None)
    with pytest.raises(TrustedProxiesError, match="MAINSTAY_TRUSTED_PROXY"):
        seen_by_wsgi(environ(), None)
