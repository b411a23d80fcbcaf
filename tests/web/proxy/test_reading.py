"""The client of a scope and of an environ: the same, and asked for once."""

from typing import Any

from mainstay.web.proxy import Client, TrustedProxies, client_of_environ, client_of_scope

PROXIES = TrustedProxies("loopback")


def scope(*headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    head = [(b"host", b"shop.example"), *headers]
    return {"type": "http", "client": ("127.0.0.1", 5000), "scheme": "http", "headers": head, **more}


def environ(**more: str) -> dict[str, Any]:
    base = {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "5000", "wsgi.url_scheme": "http", "HTTP_HOST": "shop.example"}
    return {**base, **more}


def test_without_proxies_the_client_is_the_peer() -> None:
    peer = Client("127.0.0.1", 5000, "http", "shop.example")

    assert client_of_scope(scope((b"x-forwarded-for", b"192.0.2.1"))) == peer
    assert client_of_environ(environ(HTTP_X_FORWARDED_FOR="192.0.2.1")) == peer


def test_scope_and_environ_give_the_same_client() -> None:
    client = Client("192.0.2.1", None, "https", "www.shop.example:8443")
    headers = [
        (b"x-forwarded-for", b"192.0.2.1"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"www.shop.example"),
        (b"x-forwarded-port", b"8443"),
    ]
    variables = {"HTTP_" + name.decode().upper().replace("-", "_"): value.decode() for name, value in headers}

    assert client_of_scope(scope(*headers), PROXIES) == client
    assert client_of_environ(environ(**variables), PROXIES) == client


def test_forwarded_is_read_from_both() -> None:
    proxies = TrustedProxies("loopback", header="forwarded")
    said = "for=192.0.2.1;proto=https"

    for client in (
        client_of_scope(scope((b"forwarded", said.encode())), proxies),
        client_of_environ(environ(HTTP_FORWARDED=said), proxies),
    ):
        assert client == Client("192.0.2.1", None, "https", "shop.example")


def test_what_the_middleware_found_is_what_everybody_is_told() -> None:
    found = Client("192.0.2.1", None, "https", "shop.example")

    assert client_of_scope(scope(**{"mainstay.client": found}), PROXIES) is found
    assert client_of_environ({**environ(), "mainstay.client": found}, PROXIES) is found


def test_a_websocket_has_the_scheme_of_http() -> None:
    assert client_of_scope(scope(type="websocket", scheme="wss")).scheme == "https"


def test_servers_that_leave_things_out_are_understood() -> None:
    assert client_of_scope({"headers": []}) == Client("", None, "http", "")
    assert client_of_environ({}) == Client("", None, "http", "")
    assert client_of_scope({"headers": [], "client": ("192.0.2.1", "80")}) == Client("192.0.2.1", 80, "http", "")
    assert client_of_scope({"headers": [], "client": ("", "0")}) == Client("", None, "http", "")
    assert client_of_environ({"REMOTE_ADDR": "localhost", "REMOTE_PORT": "None"}) == Client("", None, "http", "")
    assert client_of_environ({"REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": ""}) == Client("192.0.2.1", None, "http", "")
