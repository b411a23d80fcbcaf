"""What a connection has to know of a server's protocol, and its own limits. No I/O: Redis and Memcached fill it in."""

import enum
import math
import ssl
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from mainstay.web.sessions.store import StoreError

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Nothing(enum.Enum):
    """No whole reply has arrived yet. Not None, which is a reply."""

    YET = "nothing yet"


NOTHING: Final = Nothing.YET


class Garbled(StoreError):
    """The bytes that arrived are not the protocol: the connection is of no more use."""


class Dropped(StoreError):
    """The connection ended before the answer came: whether the command was carried out is not known."""


class TimedOut(StoreError):
    """No answer within the time limit."""


class Parser(Protocol[R_co]):
    """Bytes in, whole replies out."""

    def feed(self, data: bytes, /) -> None:
        """Take in what arrived."""

    def gets(self) -> R_co | Nothing:
        """The next whole reply, NOTHING when more bytes are needed. Raises Garbled."""


class Wire(Protocol[R]):
    """One server's protocol: how a conversation begins and how its replies are read."""

    def parser(self) -> Parser[R]:
        """A new parser, for a new connection."""

    def greeting(self) -> tuple[bytes, ...]:
        """The commands that begin a conversation (log in, choose a database); one reply is awaited for each."""

    def greeted(self, replies: list[R]) -> tuple[bytes, ...]:
        """Judge the replies to the greeting; returns commands to send next, () when all is well. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens: a host and a port, or the path of a Unix socket. `str()` of it is safe to print."""

    host: str = ""
    port: int = 0
    path: str = ""
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a command may take, and making a connection (seconds); how many commands may be under way at once."""

    timeout: float = 0.25
    connect_timeout: float = 1.0
    most_waiting: int = 4096

    def __post_init__(self) -> None:
        for name in ("timeout", "connect_timeout"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"{name}={value!r} is not a time limit: give seconds above 0, such as 0.25")
        if self.most_waiting < 1:
            raise ValueError(f"most_waiting={self.most_waiting!r} lets no command through: give 1 or more")


@dataclass(frozen=True, slots=True)
class Server(Generic[R]):
    """One server: its name in messages ("Redis"), where it is, how to talk to it, and for how long to wait."""

    kind: str
    place: Place
    wire: Wire[R]
    limits: Limits

    def __str__(self) -> str:
        return f"{self.kind} at {self.place}"

    def unreachable(self, cause: object) -> StoreError:
        """The error of a connection that could not be made."""
        return StoreError(f"cannot reach {self}: {cause}")

    def timed_out(self) -> TimedOut:
        """The error of an answer that did not come in time."""
        return TimedOut(f"{self} did not answer within {self.limits.timeout * 1000:g} ms")

    def dropped(self, cause: object = None) -> Dropped:
        """The error of a connection that ended while a command was under way."""
        return Dropped(f"{self} closed the connection" if cause is None else f"lost the connection to {self}: {cause}")
