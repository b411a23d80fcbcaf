"""Memcached's meta protocol: commands out, replies in. Memcached 1.6 and later.

https://docs.memcached.org/protocols/meta/
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from mainstay.web.sessions.stores.wire import NOTHING, Garbled, Nothing

_LONGEST_LINE = 8192
_RELATIVE = 30 * 24 * 3600
"""A longer time to live is taken for a date (seconds since 1970)."""

_KNOWN = {b"HD", b"VA", b"EN", b"NF", b"NS", b"EX", b"MN", b"OK"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its status ("HD", "VA", "EN", ...), the CAS number if there was one, the value of a VA."""

    status: str
    cas: int = 0
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class Refusal:
    """ERROR, CLIENT_ERROR or SERVER_ERROR, with what the server said."""

    text: str


def get(key: bytes, renew: int | None) -> bytes:
    """Read the value and its CAS number; with `renew` set the time to live in the same trip."""
    return b"mg %b v c\r\n" % key if renew is None else b"mg %b v c T%d\r\n" % (key, renew)


def add(key: bytes, value: bytes, lifetime: int) -> bytes:
    """Store where nothing is: HD, or NS where something is."""
    return b"ms %b %d T%d ME c\r\n%b\r\n" % (key, len(value), lifetime, value)


def replace(key: bytes, value: bytes, lifetime: int, cas: int) -> bytes:
    """Store if the CAS number is still that one: HD, EX where it is not, NF where nothing is."""
    return b"ms %b %d T%d C%d c\r\n%b\r\n" % (key, len(value), lifetime, cas, value)


def touch(key: bytes, lifetime: int) -> bytes:
    """Set the time to live: HD, or EN where nothing is."""
    return b"mg %b T%d\r\n" % (key, lifetime)


def delete(key: bytes) -> bytes:
    """Remove: HD, or NF where nothing is."""
    return b"md %b\r\n" % key


def lifetime(seconds: float, clock: Callable[[], float]) -> int:
    """A time to live for Memcached: whole seconds, never too short, and a date where it is longer than 30 days.

    One more second, as Memcached's own clock ticks once a second: an entry must not end early.
    """
    whole = max(1, math.ceil(seconds)) + 1
    return whole if whole <= _RELATIVE else math.ceil(clock()) + whole


class MetaParser:
    """Replies of the meta protocol out of bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes, /) -> None:
        """As Parser.feed."""
        self._buffer += data

    def gets(self) -> Reply | Refusal | Nothing:
        """As Parser.gets."""
        buffer = self._buffer
        end = buffer.find(b"\r\n")
        if end < 0:
            if len(buffer) > _LONGEST_LINE:
                raise Garbled("a line of Memcached has no end")
            return NOTHING
        status = bytes(buffer[:2])
        if status == b"VA":
            return self._value(end)
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        if status in _KNOWN and line[2:3] in b" ":
            return Reply(status.decode(), _cas(line))
        if line.startswith((b"ERROR", b"CLIENT_ERROR ", b"SERVER_ERROR ")):
            return Refusal(line.decode("utf-8", "replace"))
        if line == b"STORED":
            return Reply("STORED")
        raise Garbled(f"Memcached answered {line[:40]!r}, which is not its meta protocol")

    def _value(self, end: int) -> Reply | Nothing:
        buffer = self._buffer
        line = bytes(buffer[:end])
        try:
            size = int(line[3 : line.find(b" ", 3)] if line.find(b" ", 3) > 0 else line[3:])
        except ValueError:
            size = -1
        if size < 0:
            raise Garbled(f"Memcached answered {line[:40]!r}, which is not its meta protocol")
        start, stop = end + 2, end + 2 + size
        if len(buffer) < stop + 2:
            return NOTHING
        if buffer[stop : stop + 2] != b"\r\n":
            raise Garbled("a reply of Memcached is longer than it says")
        value = bytes(memoryview(buffer)[start:stop])
        del buffer[: stop + 2]
        return Reply("VA", _cas(line), value)


def _cas(line: bytes) -> int:
    """The number behind the flag "c", 0 when there is none."""
    at = line.find(b" c")
    if at < 0:
        return 0
    text = line[at + 2 :].split(b" ", 1)[0]
    if not text.isdigit():
        raise Garbled(f"Memcached answered {line[:40]!r}, which is not its meta protocol")
    return int(text)
