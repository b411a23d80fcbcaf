"""The head of a response, as bytes: the status line and the app's headers, checked for what HTTP cannot carry.

Checked, because a line break in a header's value would begin a header, or a response, of somebody else's choice.
"""

import http
import re
from collections.abc import Iterable

CONTROLS = bytes({*range(0x20), 0x7F} - {0x09})
NOT_IN_NAMES = re.compile(rb'[()<>@,;:\[\]={} \t\\"]')
# Names that apps send in nearly every response: nothing is to be looked at.
PLAIN = frozenset(
    (
        *(b"content-type", b"date", b"etag", b"last-modified", b"cache-control", b"vary", b"set-cookie", b"location"),
        *(b"content-encoding", b"access-control-allow-origin", b"x-request-id", b"server"),
    )
)
# The lengths of a body that are not a number of bytes.
CHUNKED, NOT_SAID = -1, -2


class InvalidHeader(RuntimeError):
    """The app sent a header that would break the response."""


def _status_line(status: int) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}


def render(status: int, headers: Iterable[tuple[bytes, bytes]], ours: bytes) -> tuple[bytes, int, bool]:
    """A response's head without the empty line at its end; the body's length in bytes, or CHUNKED, or NOT_SAID; and
    whether the connection ends with the response. The app's headers follow `ours`.

    Raises InvalidHeader, KeyError for a number that is no status.
    """
    lines: list[bytes] = []
    length, closes = NOT_SAID, False
    for name, value in headers:
        name = name.lower()
        lines += (name, b": ", value, b"\r\n")
        if name in PLAIN:
            continue
        if name == b"content-length":
            if length == NOT_SAID:
                length = _length(value)
        elif name == b"connection":
            closes = closes or b"close" in tokens(value)
        elif name == b"transfer-encoding":
            length = CHUNKED if value.lower() == b"chunked" else length
        elif NOT_IN_NAMES.search(name):
            raise InvalidHeader(f"Invalid HTTP header name: {name!r}")
    text = b"".join(lines)
    # Each line has its own break, and no other control characters: one pass over all of them.
    if len(text) - len(text.translate(None, CONTROLS)) != len(lines) // 2:
        raise InvalidHeader(f"Invalid HTTP header: {_culprit(lines)!r}")
    return STATUS_LINES[status] + ours + text, length, closes


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers that need no look, as they stand in a head."""
    return b"".join(b"%b: %b\r\n" % (name, value) for name, value in headers)


def tokens(value: bytes) -> list[bytes]:
    """The elements of a list in a header (RFC 9110, 5.6.1), in lower case."""
    return [token.strip() for token in value.lower().split(b",")]


def _length(value: bytes) -> int:
    length = int(value)
    if length < 0:
        raise InvalidHeader(f"Invalid HTTP header: content-length: {length}")
    return length


def _culprit(lines: list[bytes]) -> bytes:
    """The name of the first header with a control character."""
    for name, value in zip(lines[::4], lines[2::4], strict=True):
        if len((name + value).translate(None, CONTROLS)) != len(name + value):
            return name
    return b""
