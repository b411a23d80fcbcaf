"""Messages as bytes: one JSON object per line, UTF-8, at most 16 MiB. Sans-IO: bytes in, objects out."""

from __future__ import annotations

from mainstay.errors import MainstayError
from mainstay.protocol.jsontext import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOL = 1
"""The number that client and daemon must have in common."""

LIMIT = 16 * 1024 * 1024
"""Bytes in one line, the newline not counted."""


class ProtocolError(MainstayError):
    """The other side sent something that is no message. Nothing after it on the connection can be trusted."""


def encode(message: Mapping[str, object]) -> bytes:
    """The line for a message. Raises ProtocolError when it would be longer than `LIMIT`."""
    line = dumps(message).encode("ascii")
    if len(line) > LIMIT:
        raise ProtocolError(f"cannot send a message of {len(line)} bytes: the limit is {LIMIT}")
    return line + b"\n"


class Reader:
    """Puts the bytes of a stream together to messages. After a ProtocolError it refuses all further bytes."""

    __slots__ = ("_broken", "_buffer", "_limit", "_searched")

    def __init__(self, limit: int = LIMIT) -> None:
        self._buffer = bytearray()
        self._searched = 0  # no newline before this offset, so that a long line is searched once
        self._limit = limit
        self._broken = ""

    def feed(self, data: bytes) -> list[dict[str, object]]:
        """The messages that are complete with `data`, in order.

        Raises ProtocolError for a line that is too long, empty, not UTF-8, not JSON, not an object or has a NUL in it;
        messages before it in the same `data` are lost with it.
        """
        if self._broken:
            raise ProtocolError(self._broken)
        self._buffer += data
        messages = []
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            if end > self._limit:
                raise self._failed(f"a line of more than {self._limit} bytes")
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            messages.append(self._decoded(line))
        self._searched = len(self._buffer)
        if self._searched > self._limit:
            raise self._failed(f"a line of more than {self._limit} bytes")
        return messages

    @property
    def pending(self) -> int:
        """Bytes of a message that is not complete."""
        return len(self._buffer)

    def _decoded(self, line: bytes) -> dict[str, object]:
        if b"\0" in line:
            raise self._failed("a NUL byte")
        try:
            value = loads(line.decode())
        except UnicodeDecodeError as error:
            raise self._failed(f"not UTF-8 at byte {error.start}") from None
        except ValueError as error:
            raise self._failed(f"not JSON: {error}") from None
        if not isinstance(value, dict):
            raise self._failed(f"not an object: {line[:40].decode(errors='replace')}")
        return value

    def _failed(self, what: str) -> ProtocolError:
        self._broken = f"cannot read a message: {what}"
        self._buffer.clear()
        return ProtocolError(self._broken)
