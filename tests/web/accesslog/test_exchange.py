"""What is known of a request and its response."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.accesslog.exchange import EnvironExchange, Exchange, Outcome, ScopeExchange
from mainstay.web.proxy import Client, TrustedProxies

NOBODY = TrustedProxies()


def of_scope(*headers: tuple[bytes, bytes], proxies: TrustedProxies = NOBODY, **more: Any) -> ScopeExchange:
    scope = {"type": "http", "method": "GET", "path": "/", "client": ("192.0.2.1", 5), "headers": list(headers), **more}
    return ScopeExchange(scope, proxies)


def of_environ(proxies: TrustedProxies = NOBODY, **more: Any) -> EnvironExchange:
    return EnvironExchange(
        {"REQUEST_METHOD": "GET", "REMOTE_ADDR": "192.0.2.1", "wsgi.url_scheme": "http", **more}, proxies
    )


def test_one_of_ones_own_has_what_is_said_and_nothing_else() -> None:
    exchange = Exchange(method="GET", path="/a", status=200, headers={"host": "a.example"})

    assert (exchange.method, exchange.url, exchange.status, exchange.header("host")) == ("GET", "/a", 200, "a.example")
    assert (exchange.address, exchange.seconds, exchange.completed, exchange.header("x")) == ("", 0.0, "", None)
    assert repr(exchange) == "<Exchange GET /a 200>"


def test_what_it_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="an exchange has no 'stauts'"):
        Exchange(stauts=200)


def test_a_scope_is_shown_as_it_was_sent() -> None:
    exchange = of_scope(path="/\n", raw_path=b"/%0a", query_string=b"q=%22", http_version="2", scheme="https")

    assert (exchange.path, exchange.query, exchange.url) == ("/%0a", "q=%22", "/%0a?q=%22")
    assert (exchange.method, exchange.version, exchange.protocol) == ("GET", "2", "http")
    assert exchange.client == Client("192.0.2.1", 5, "https", "")


def test_a_scope_without_the_raw_path_is_encoded_anew() -> None:
    exchange = of_scope(path='/\n"é', query_string=b"a=b")

    assert exchange.path == "/%0A%22%C3%A9"
    assert exchange.url == "/%0A%22%C3%A9?a=b"


def test_a_raw_path_with_its_query_is_taken_apart() -> None:
    assert of_scope(raw_path=b"/a?b=c", query_string=b"b=c").url == "/a?b=c"


def test_a_websocket_is_a_get() -> None:
    exchange = ScopeExchange({"type": "websocket", "path": "/", "headers": []}, NOBODY)

    assert (exchange.method, exchange.protocol, exchange.address) == ("GET", "websocket", "")


def test_headers_sent_several_times_are_one_text() -> None:
    exchange = of_scope((b"x-a", b"1"), (b"accept", b"*"), (b"x-a", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2"))

    assert exchange.header("x-a") == "1, 2"
    assert exchange.first_header("x-a") == "1"
    assert exchange.header("cookie") == "a=1; b=2"
    assert exchange.header("x-b") is None
    assert exchange.first_header("x-b") is None


def test_headers_are_latin_1() -> None:
    assert of_scope((b"x-a", b"\xe9\xff")).header("x-a") == "\xe9\xff"


@pytest.mark.parametrize(
    "headers", [[(b"X-A", b"1"), (b"x-a", b"2")], [("X-A", "1"), ("x-a", "2")], ((b"x-A", b"1"), (b"x-a", b"2"))]
)
def test_headers_of_the_response_are_found_in_any_case(headers: Any) -> None:
    exchange = Exchange(status=200)
    exchange.response_headers = headers

    assert exchange.response_header("x-a") == "1, 2"
    assert exchange.response_header("x-b") is None


def test_a_scopes_response_headers_are_found_in_any_case() -> None:
    exchange = of_scope()
    exchange.response_headers = [(b"X-A", b"1"), (b"x-a", b"\xe9")]

    assert exchange.response_header("x-a") == "1, \xe9"
    assert exchange.response_header("x-b") is None


@given(st.text(max_size=10))
def test_a_header_of_any_name_can_be_asked_for(name: str) -> None:
    exchange = of_scope((b"x-a", b"1"))
    exchange.response_headers = [(b"x-a", b"1")]
    expected = "1" if name == "x-a" else None
    sendable = name.encode("ascii", "replace").decode()

    assert exchange.header(sendable) == expected
    assert exchange.response_header(sendable) == expected


@pytest.mark.parametrize(
    ("version", "asked", "answered", "completed"),
    [
        *(("1.1", "", "", "+"), ("1.1", "close", "", "-"), ("1.1", "", "Close", "-"), ("1.1", "keep-alive", "", "+")),
        *(
            ("1.0", "", "", "-"),
            ("1.0", "Keep-Alive", "", "+"),
            ("1.0", "keep-alive", "close", "-"),
            ("2", "", "", "+"),
        ),
    ],
)
def test_a_complete_response_tells_whether_the_connection_stays(
    version: str, asked: str, answered: str, completed: str
) -> None:
    exchange = of_scope(*[(b"connection", asked.encode())] * bool(asked), http_version=version)
    exchange.response_headers = [(b"connection", answered.encode())] * bool(answered)
    exchange.outcome = Outcome.COMPLETE

    assert exchange.completed == completed


def test_what_was_cut_says_so_whatever_the_headers_say() -> None:
    exchange = of_scope((b"connection", b"close"))

    assert exchange.completed == ""
    exchange.outcome = Outcome.CUT
    assert exchange.completed == "X"


def test_it_lasts_until_its_end_or_until_now() -> None:
    exchange = of_scope()

    assert 0 < exchange.seconds < 60
    exchange.started, exchange.ended = 1.0, 1.5
    assert exchange.seconds == 0.5


def test_the_client_is_who_trusted_proxies_say() -> None:
    said = ((b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https"))

    assert of_scope(*said).address == "192.0.2.1"
    trusting = of_scope(*said, proxies=TrustedProxies("192.0.2.1"))
    assert (trusting.address, trusting.client.scheme) == ("203.0.113.9", "https")


def test_the_client_is_the_one_a_proxy_middleware_found() -> None:
    client = Client("203.0.113.9", None, "https", "a.example")
    found: dict[str, Any] = {"mainstay.client": client}

    assert of_scope(**found).address == "203.0.113.9"
    assert of_environ(**found).client is client


def test_an_environ_is_shown_as_it_was_sent() -> None:
    exchange = of_environ(
        RAW_URI="/%0a?b=c",
        PATH_INFO="/\n",
        QUERY_STRING="b=c",
        SERVER_PROTOCOL="HTTP/1.0",
        HTTP_X_A="1",
        HTTP_HOST="a.example",
        CONTENT_TYPE="text/plain",
        CONTENT_LENGTH="",
    )

    assert (exchange.method, exchange.url, exchange.version, exchange.protocol) == ("GET", "/%0a?b=c", "1.0", "http")
    assert exchange.client == Client("192.0.2.1", None, "http", "a.example")
    assert (exchange.header("x-a"), exchange.first_header("x-a"), exchange.header("content-length")) == ("1", "1", None)
    assert exchange.header("content-type") == "text/plain"


def test_what_an_app_does_to_its_environ_changes_nothing() -> None:
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/app/x", "QUERY_STRING": "a"}
    exchange = EnvironExchange(environ, NOBODY)
    environ.update(SCRIPT_NAME="/app", PATH_INFO="/", REQUEST_METHOD="PUT", QUERY_STRING="")

    assert (exchange.method, exchange.url) == ("GET", "/app/x?a")
