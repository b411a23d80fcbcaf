"""What lies in the store: the data of a session with the instants that its lifetimes are judged by.

One byte says the format; then follows a MessagePack array. Instants are seconds since 1970, spans are seconds.
"""

from dataclasses import dataclass, field

import msgspec

_FORMAT = b"\x01"
TOMBSTONE = b"\x00"
"""What is written over a session that has moved to another id, so that nobody can write it any more."""

_LONGEST_GRAIN = 300.0
LONGEST_COOKIE = 400 * 86400.0
"""Browsers keep no cookie longer (RFC 6265bis, section 5.5)."""


class Record(msgspec.Struct, array_like=True, frozen=True):
    """A session as stored. `idle` and `absolute` are its own lifetimes where they are not the configured ones."""

    created: float
    renewed: float
    idle: float | None
    absolute: float | None
    user: str | None
    data: bytes

    def __repr__(self) -> str:
        return f"Record(created={self.created!r}, renewed={self.renewed!r}, {len(self.data)} bytes of data)"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


class Unreadable(ValueError):
    """What is stored is no record of ours: damaged, or written by a later version."""


def pack(record: Record) -> bytes:
    """The record as the store keeps it."""
    return _FORMAT + _encode(record)


def unpack(value: bytes) -> Record | None:
    """The record in `value`; None for a session that has moved away. Raises Unreadable."""
    if value[:1] == TOMBSTONE:
        return None
    if value[:1] != _FORMAT:
        raise Unreadable(f"a stored session of {len(value)} bytes has the format {value[:1].hex() or 'of nothing'}")
    try:
        return _decode(memoryview(value)[1:])
    except msgspec.MsgspecError as error:
        raise Unreadable(f"a stored session of {len(value)} bytes cannot be read: {error}") from None


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live, in seconds: `idle` since they were last used, `absolute` since the login. One is set."""

    idle: float | None
    absolute: float | None
    grain: float = field(init=False)
    """How old `renewed` may grow before a session that is only read is written again."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "grain", _LONGEST_GRAIN if self.idle is None else min(self.idle / 8, _LONGEST_GRAIN))

    def of(self, record: Record) -> "Lifetimes":
        """These, or what the session has of its own."""
        if record.idle is None and record.absolute is None:
            return self
        return Lifetimes(
            self.idle if record.idle is None else record.idle,
            self.absolute if record.absolute is None else record.absolute,
        )

    def ended(self, record: Record, now: float) -> bool:
        """Whether the session is over. The store's time to live is exact about idleness; this allows the grain."""
        if self.absolute is not None and now >= record.created + self.absolute:
            return True
        return self.idle is not None and now >= record.renewed + self.idle + self.grain

    def left(self, created: float, now: float) -> float:
        """How long the store has to keep a session used now; never under a second."""
        left = float("inf") if self.absolute is None else created + self.absolute - now
        return max(1.0, left if self.idle is None else min(left, self.idle))

    def cookie(self, created: float, now: float, *, rolling: bool) -> int:
        """How long the browser should keep the cookie; whole seconds. The server enforces `idle` by itself."""
        by_idle = rolling or self.absolute is None
        left = (self if by_idle else Lifetimes(None, self.absolute)).left(created, now)
        return -int(-min(left, LONGEST_COOKIE) // 1)  # rounded up
