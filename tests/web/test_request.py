"""Views of a request: the same from a scope and from an environ, and never decoded."""

from mainstay.web import request


def test_a_header_that_came_several_times_is_one_value() -> None:
    scope = {"headers": [(b"accept", b"text/html"), (b"x-a", b"1"), (b"accept", b"text/plain")]}

    assert request.scope_header(scope, b"accept") == "text/html, text/plain"


def test_a_header_is_latin_1_text_so_that_no_byte_is_lost() -> None:
    assert request.scope_header({"headers": [(b"x-name", b"J\xf6rg \xe2\x82\xac")]}, b"x-name") == "Jörg â\x82¬"


def test_a_header_that_was_not_sent_is_none_and_an_empty_one_is_empty() -> None:
    scope = {"headers": [(b"x-empty", b"")]}

    assert request.scope_header(scope, b"accept") is None
    assert request.scope_header(scope, b"x-empty") == ""


def test_a_header_is_found_in_an_environ_by_its_own_name() -> None:
    environ = {"HTTP_USER_AGENT": "curl", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": ""}

    assert request.environ_header(environ, "user-agent") == "curl"
    assert request.environ_header(environ, "content-type") == "text/plain"
    assert request.environ_header(environ, "content-length") is None
    assert request.environ_header(environ, "accept") is None


def test_the_path_of_a_scope_stays_encoded() -> None:
    scope = {"path": "/a\nb", "raw_path": b"/a%0Ab", "query_string": b"q=%0A"}

    assert request.scope_path(scope) == "/a%0Ab"
    assert request.scope_query(scope) == "q=%0A"
    assert request.scope_url(scope) == "/a%0Ab?q=%0A"


def test_a_raw_path_with_its_query_is_cut() -> None:
    assert request.scope_path({"path": "/a", "raw_path": b"/a?b=c"}) == "/a"


def test_the_path_of_a_server_that_decodes_is_encoded_anew() -> None:
    decoded = '/a\n"b" \x1b[31m/ü'

    assert request.scope_path({"path": decoded}) == "/a%0A%22b%22%20%1B%5B31m/%C3%BC"
    environ = {"SCRIPT_NAME": "", "PATH_INFO": decoded.encode().decode("latin-1")}
    assert request.environ_path(environ) == "/a%0A%22b%22%20%1B%5B31m/%C3%BC"


def test_the_path_of_an_environ_is_that_of_the_request_line_where_the_server_keeps_it() -> None:
    decoded = {"SCRIPT_NAME": "/shop", "PATH_INFO": "/a\nb", "QUERY_STRING": "q=1"}

    assert request.environ_path({**decoded, "RAW_URI": "/shop/a%0Ab?q=1"}) == "/shop/a%0Ab"
    assert request.environ_path({**decoded, "REQUEST_URI": "/shop/a%0Ab?q=1"}) == "/shop/a%0Ab"
    assert request.environ_path({**decoded, "asgi.scope": {"path": "", "raw_path": b"/x%0A"}}) == "/x%0A"
    assert request.environ_url({**decoded, "RAW_URI": "/shop/a%0Ab?q=1"}) == "/shop/a%0Ab?q=1"


def test_an_environ_without_a_query_has_an_empty_one() -> None:
    assert request.environ_query({}) == ""
    assert request.environ_url({"PATH_INFO": "/a"}) == "/a"
