"""Just enough HTTP/1.1 to know whether a response is whole (RFC 9112, 6.3)."""

from dataclasses import dataclass


class Incomplete(Exception):
    """More bytes must come before the response is whole."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole response; `closing` when the server will not take another request on this connection."""

    status: int
    closing: bool
    body: bytes


def parse_response(data: bytes, *, ended: bool) -> Parsed:
    """Parse one response to a GET; `ended` when the server has closed its side.

    Raises Incomplete while bytes are missing, ValueError for what is not HTTP.
    """
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank:
        raise Incomplete
    first, *lines = head.split(b"\r\n")
    version, status = first.split(b" ", 2)[:2]
    if not version.startswith(b"HTTP/1."):
        raise ValueError(f"not a status line: {first!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    closing = headers.get(b"connection", b"").lower() == b"close" or version == b"HTTP/1.0" or ended
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return Parsed(int(status), closing, _chunks(rest))
    if (length := headers.get(b"content-length")) is not None:
        if len(rest) < int(length):
            raise Incomplete
        return Parsed(int(status), closing, rest[: int(length)])
    if not ended:
        raise Incomplete
    return Parsed(int(status), True, rest)


def _chunks(rest: bytes) -> bytes:
    """The body of a chunked response (RFC 9112, 7.1); Incomplete until its last chunk is there."""
    body = b""
    while True:
        line, end, rest = rest.partition(b"\r\n")
        if not end:
            raise Incomplete
        size = int(line.split(b";")[0], 16)
        if len(rest) < size + 2:
            raise Incomplete
        if size == 0:
            return body
        body += rest[:size]
        rest = rest[size + 2 :]
