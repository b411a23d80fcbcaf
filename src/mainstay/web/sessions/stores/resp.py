"""Redis' wire format (RESP2 and RESP3): commands out, replies in. With hiredis where it is installed, without it too.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from typing import cast

from mainstay.web.sessions.stores.wire import NOTHING, Garbled, Nothing, Parser

try:
    import hiredis
except ImportError:
    hiredis = None  # type: ignore[assignment]  # the parser below does the same, slower

Reply = object
"""bytes, int, float, bool, None, str (in errors of clients only), list, dict, set or ReplyError."""

_LONGEST_LINE = 64 * 1024
_DEEPEST = 32


class ReplyError(Exception):
    """An error the server answered with; as a reply it is returned, not raised."""


def encode(arguments: tuple[bytes, ...]) -> bytes:
    """One command as it goes over the wire."""
    parts = [b"*%d\r\n" % len(arguments)]
    parts += [b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments]
    return b"".join(parts)


def new_parser() -> Parser[Reply]:
    """The fastest parser there is here."""
    if hiredis is None:
        return PythonParser()
    return HiredisParser()


class HiredisParser:
    """hiredis' parser, with our exceptions."""

    def __init__(self) -> None:
        reader = hiredis.Reader(protocolError=Garbled, replyError=ReplyError, notEnoughData=NOTHING)
        self.feed = reader.feed
        self._gets = reader.gets

    def gets(self) -> Reply | Nothing:
        """As Parser.gets."""
        reply = self._gets()
        while isinstance(reply, hiredis.PushNotification):  # said unasked, and nobody here listens
            reply = self._gets()
        return cast("Reply | Nothing", reply)


class PythonParser:
    """The same in Python."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes, /) -> None:
        """As Parser.feed."""
        self._buffer += data

    def gets(self) -> Reply | Nothing:
        """As Parser.gets."""
        while True:
            start = self._at
            try:
                reply = self._value(0)
            except _Incomplete:
                self._at = start
                self._compact()
                return NOTHING
            if not isinstance(reply, _Push):
                return reply

    def _compact(self) -> None:
        if self._at:
            del self._buffer[: self._at]
            self._at = 0

    def _value(self, depth: int) -> Reply:
        if depth > _DEEPEST:
            raise Garbled("a reply of Redis is nested too deeply")
        line = self._line()
        kind, rest = line[:1], line[1:]
        match kind:
            case b"$" | b"=" | b"!":
                return self._bulk(kind, _number(rest))
            case b":":
                return _number(rest)
            case b"+" | b"(":
                return rest if kind == b"+" else _number(rest)
            case b"-":
                return ReplyError(rest.decode("utf-8", "replace"))
            case b"_":
                return None
            case b"#":
                return rest == b"t"
            case b",":
                return _double(rest)
            case b"*" | b"~" | b">" | b"%" | b"|":
                return self._aggregate(kind, _number(rest), depth)
            case _:
                raise Garbled(f"Redis answered {bytes(line[:20])!r}, which is not its protocol")

    def _aggregate(self, kind: bytes, count: int, depth: int) -> Reply:
        if count < 0:
            return None
        if kind in b"%|":
            pairs = [(self._value(depth + 1), self._value(depth + 1)) for _ in range(count)]
            # Attributes ("|") come before the reply that they belong to.
            return self._value(depth) if kind == b"|" else dict(pairs)
        items = [self._value(depth + 1) for _ in range(count)]
        return _Push(items) if kind == b">" else items

    def _bulk(self, kind: bytes, size: int) -> Reply:
        if size < 0:
            return None
        end = self._at + size
        if len(self._buffer) < end + 2:
            raise _Incomplete
        if self._buffer[end : end + 2] != b"\r\n":
            raise Garbled("a reply of Redis is longer than it says")
        value = bytes(memoryview(self._buffer)[self._at : end])
        self._at = end + 2
        match kind:
            case b"!":
                return ReplyError(value.decode("utf-8", "replace"))
            case b"=":
                return value[4:]
            case _:
                return value

    def _line(self) -> bytes:
        end = self._buffer.find(b"\r\n", self._at)
        if end < 0:
            if len(self._buffer) - self._at > _LONGEST_LINE:
                raise Garbled("a line of Redis has no end")
            raise _Incomplete
        line = bytes(self._buffer[self._at : end])
        self._at = end + 2
        return line


class _Incomplete(Exception):
    """More bytes are needed."""


class _Push(list[Reply]):
    """Something the server said unasked."""


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        raise Garbled(f"Redis answered {text[:20]!r} where a number was due") from None


def _double(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        raise Garbled(f"Redis answered {text[:20]!r} where a number was due") from None
