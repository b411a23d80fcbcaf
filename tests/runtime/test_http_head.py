"""The head of a response."""

import pytest

from mainstay.runtime.http_head import CHUNKED, NOT_SAID, InvalidHeader, lines_of, render, tokens

OURS = b"server: x\r\n"


def test_ours_come_before_the_apps_in_lower_case() -> None:
    text, length, closes = render(200, [(b"Content-Type", b"text/plain"), (b"X-A", b"B")], OURS)

    assert text == b"HTTP/1.1 200 OK\r\nserver: x\r\ncontent-type: text/plain\r\nx-a: B\r\n"
    assert (length, closes) == (NOT_SAID, False)


def test_a_status_without_a_name_has_an_empty_one() -> None:
    assert render(299, [], b"")[0] == b"HTTP/1.1 299 \r\n"


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ([(b"content-length", b"12")], 12),
        ([(b"content-length", b"12"), (b"content-length", b"13")], 12),
        ([(b"transfer-encoding", b"Chunked")], CHUNKED),
        ([(b"transfer-encoding", b"gzip")], NOT_SAID),
        ([(b"content-length", b"12"), (b"transfer-encoding", b"chunked")], CHUNKED),
        ([(b"transfer-encoding", b"chunked"), (b"content-length", b"12")], CHUNKED),
    ],
)
def test_the_length_of_the_body_is_what_the_app_says(headers: list[tuple[bytes, bytes]], length: int) -> None:
    assert render(200, headers, b"")[1] == length


@pytest.mark.parametrize(("value", "closes"), [(b"close", True), (b"Keep-Alive, Close", True), (b"closer", False)])
def test_an_app_may_close_the_connection(value: bytes, closes: bool) -> None:
    assert render(200, [(b"connection", value)], b"")[2] is closes


@pytest.mark.parametrize(
    "header",
    [
        (b"x", b"a\r\nset-cookie: b"),
        (b"x", b"a\nb"),
        (b"x", b"a\rb"),
        (b"x", b"a\0b"),
        (b"content-type", b"a\x7f"),
        (b"x\r\ny", b"a"),
        (b"x y", b"a"),
        (b"x:y", b"a"),
        (b"content-length", b"-1"),
    ],
)
def test_a_header_that_would_break_the_response_is_refused(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(InvalidHeader, match="Invalid HTTP header"):
        render(200, [(b"a", b"b"), header], OURS)


def test_a_tab_and_what_is_not_ascii_may_stand_in_a_value() -> None:
    assert render(200, [(b"x", b"a\tb\xff")], b"")[0].endswith(b"x: a\tb\xff\r\n")


def test_headers_as_lines() -> None:
    assert lines_of([(b"a", b"b"), (b"c", b"d")]) == b"a: b\r\nc: d\r\n"


def test_a_list_in_a_header() -> None:
    assert tokens(b"Keep-Alive,  Upgrade") == [b"keep-alive", b"upgrade"]
