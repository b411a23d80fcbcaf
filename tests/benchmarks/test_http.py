"""Whether a response is whole is known from its bytes alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.http import Incomplete, Parsed, parse_response

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize("whole", [LENGTH, CHUNKED])
def test_a_whole_response_is_parsed(whole: bytes) -> None:
    assert parse_response(whole, ended=False) == Parsed(200, False, b"hello")


@given(whole=st.sampled_from([LENGTH, CHUNKED]), share=st.floats(0, 1, exclude_max=True))
def test_no_part_of_a_response_passes_for_the_whole(whole: bytes, share: float) -> None:
    part = whole[: int(len(whole) * share)]

    with pytest.raises(Incomplete):
        parse_response(part, ended=True)


def test_without_a_length_the_end_of_the_connection_ends_the_body() -> None:
    data = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"

    with pytest.raises(Incomplete):
        parse_response(data, ended=False)
    assert parse_response(data, ended=True) == Parsed(200, True, b"hello")


def test_an_announced_close_is_seen() -> None:
    data = b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n"

    assert parse_response(data, ended=False).closing


def test_what_is_not_http_is_refused() -> None:
    with pytest.raises(ValueError, match="not a status line"):
        parse_response(b"SSH-2.0-OpenSSH hello\r\n\r\n", ended=True)
