"""Connections that are idle for long: the kernel finds out by itself that the other side is gone."""

import socket
from typing import Protocol

_IDLE_SECONDS = 60
_BETWEEN_SECONDS = 10
_MOST_UNANSWERED = 3

_OPTIONS = (
    ("TCP_KEEPIDLE", _IDLE_SECONDS),  # Linux; macOS calls it TCP_KEEPALIVE, and its two hours are left as they are
    ("TCP_KEEPINTVL", _BETWEEN_SECONDS),
    ("TCP_KEEPCNT", _MOST_UNANSWERED),
)


class Sock(Protocol):
    """What asyncio and uvloop give of a transport's socket."""

    @property
    def family(self) -> int:
        """AF_INET, AF_INET6 or AF_UNIX."""

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        """As socket.setsockopt."""


def keep_alive(sock: Sock) -> None:
    """Ask an idle TCP connection's other side every minute whether it is there."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
