"""`socket` as the daemon uses it, on what it wraps: its enumerations and its files cost 150 KB that we have no use for.

Constants are plain numbers here, as in C. Filled in and put in the place of `socket` by `light`.
"""

import _socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


globals().update({name: value for name, value in vars(_socket).items() if not name.startswith("_")})


class socket(_socket.socket):  # noqa: N801  # stands in for socket.socket
    """As `socket.socket`, without files."""

    __slots__ = ("__weakref__",)

    def __enter__(self) -> "socket":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: "TracebackType | None"
    ) -> None:
        self.close()

    def accept(self) -> tuple["socket", object]:
        """The next connection, not inherited by programs, and who it is from."""
        fd, address = self._accept()  # type: ignore[attr-defined]  # what `socket` calls, too
        return _made(self.family, self.type, self.proto, fd), address

    def dup(self) -> "socket":
        """Another descriptor of the same socket."""
        return _made(self.family, self.type, self.proto, _socket.dup(self.fileno()))


def socketpair(family: int = _socket.AF_UNIX, kind: int = _socket.SOCK_STREAM, proto: int = 0) -> tuple[socket, socket]:
    """Two sockets that are connected to each other."""
    one, two = _socket.socketpair(family, kind, proto)
    return _made(family, kind, proto, one.detach()), _made(family, kind, proto, two.detach())


def _made(family: int, kind: int, proto: int, fd: int) -> socket:
    return socket(family, kind, proto, fileno=fd)
