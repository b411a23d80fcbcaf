"""The listeners of the apps: bound here, two for each slot, steered by a program in the kernel, inherited by workers.

Two, so that the new worker of a slot has its own while the old one drains: new connections are steered away from the
old one first. What still arrives at a listener that nobody serves is accepted here and handed to a worker.
"""

import errno
import os
import socket
from collections.abc import Callable

from mainstay.daemon.reactor import Reactor
from mainstay.model.never import assert_never
from mainstay.model.spec import Bind, TcpBind, UnixBind
from mainstay.sys import reuseport
from mainstay.sys.fdstore import FdStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.sys.owners import Owner

BACKLOG = 2048
BREATH = 0.2
"""Seconds until connections are accepted again when there was no descriptor for one."""

HandOver = Callable[[socket.socket], bool]
"""Give a connection to a worker; False when none would take it."""


class CannotBind(Exception):
    """An address could not be bound: why, and what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class Group:
    """All listeners of one address. A Unix socket, or a kernel that cannot steer, has one for all.

    `astray`: workers serve this address, and we have none of its listeners, as all of ours were killed. Then each is
    bound when a worker needs it, beside theirs, and the kernel spreads connections over all without being steered.
    """

    def __init__(self, bind: Bind, ours: frozenset[int] = frozenset(), *, astray: bool = False) -> None:
        self.bind = bind
        self.ours = ours
        """Ports that the same app has on other addresses: they are not in our way."""
        self.sockets: dict[int, socket.socket] = {}
        self.kept: tuple[int, ...] = ()
        """Which of them would outlive us."""
        self.shared = isinstance(bind, UnixBind) or not reuseport.supports_steering()
        self.astray = astray

    @property
    def address(self) -> str:
        """The address with its real port."""
        if isinstance(self.bind, TcpBind) and self.sockets:
            return str(TcpBind(self.bind.host, next(iter(self.sockets.values())).getsockname()[1]))
        return str(self.bind)

    def grow(self, slots: int) -> None:
        """Have listeners for this many slots. Raises CannotBind."""
        for index in () if self.astray else range(1 if self.shared else 2 * slots):
            self.at(index)

    def at(self, index: int) -> socket.socket:
        """The listener of this index, bound if need be. Raises OSError."""
        index = 0 if self.shared else index
        if index not in self.sockets:
            self.sockets[index] = self._open()
            if self.astray and not self.shared:
                reuseport.detach(self.sockets[index])
        return self.sockets[index]

    def _open(self) -> socket.socket:
        bind = self.bind
        match bind:
            case TcpBind(host=host, port=port):
                for sock in self.sockets.values():
                    return reuseport.bind_tcp(host, sock.getsockname()[1], backlog=BACKLOG)
                in_our_way = port and port not in self.ours and not self.astray
                if in_our_way and not reuseport.is_free(host, port):
                    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
                return reuseport.bind_tcp(host, port, backlog=BACKLOG)
            case UnixBind(path=path):
                return reuseport.bind_unix(path, mode=0o660, backlog=BACKLOG, replace=self.astray)
            case _:
                assert_never(bind)

    def close(self) -> None:
        """Close them here; workers keep theirs."""
        for sock in self.sockets.values():
            sock.close()
        if isinstance(self.bind, UnixBind) and self.sockets:
            try:
                os.unlink(self.bind.path)
            except OSError:
                return  # somebody else removed it


class Listeners:
    """The listeners of all apps."""

    def __init__(self, reactor: Reactor, store: FdStore) -> None:
        self._reactor = reactor
        self._store = store
        self._groups: dict[str, list[Group]] = {}
        self._tended: dict[str, dict[int, socket.socket]] = {}
        self._hand_over: dict[str, HandOver] = {}
        self._astray: set[str] = set()
        self._stranded: dict[str, list[socket.socket]] = {}
        """Connections accepted here that no worker has taken yet."""

    def listen(self, app: str, binds: tuple[Bind, ...], slots: int) -> tuple[str, ...]:
        """Bind these addresses for an app, in place of those it had; the real addresses. Raises CannotBind."""
        old = {group.bind: group for group in self._groups.get(app, [])}
        ports = frozenset(bind.port for bind in old if isinstance(bind, TcpBind))
        groups: list[Group] = []
        for bind in binds:
            group = old.get(bind) or self._inherited(app, bind) or Group(bind, ports, astray=app in self._astray)
            try:
                group.grow(slots)
                self._keep(app, group)
            except OSError as error:
                for fresh in [*groups, group]:
                    if fresh.bind not in old:
                        self._close(app, fresh)
                raise _cannot_bind(bind, error) from error
            groups.append(group)
        self._groups[app] = groups
        for bind, group in old.items():
            if bind not in binds:
                self._close(app, group)
        return tuple(group.address for group in groups)

    def _inherited(self, app: str, bind: Bind) -> Group | None:
        """The listeners of a daemon that is gone, in their order: the kernel steers by it."""
        fds = self._store.take(_kept(app, bind))
        if not fds:
            return None
        group = Group(bind)
        group.sockets = {index: socket.socket(fileno=fd) for index, fd in enumerate(fds)}
        group.kept = tuple(group.sockets)
        return group

    def _keep(self, app: str, group: Group) -> None:
        """Have them kept for a daemon after us. Raises OSError."""
        if group.sockets and tuple(group.sockets) != group.kept and not group.astray:
            self._store.put(_kept(app, group.bind), tuple(sock.fileno() for sock in group.sockets.values()))
            group.kept = tuple(group.sockets)

    def close(self, app: str) -> None:
        """Let an app's addresses go, those of a daemon that is gone as well."""
        for group in self._groups.pop(app, []):
            self._close(app, group)
        self._astray.discard(app)
        left = [name for name in self._store.names() if name.startswith(_kept(app, ""))]
        if left:
            self._store.drop(left, now=True)
        self._tended.pop(app, None)
        self._hand_over.pop(app, None)
        for connection in self._stranded.pop(app, []):
            connection.close()

    def _close(self, app: str, group: Group) -> None:
        # Workers have these sockets open as well, so the kernel goes on watching what is not forgotten here.
        for sock in group.sockets.values():
            if self._tended.get(app, {}).pop(sock.fileno(), None):
                self._reactor.forget(sock.fileno())
        self._store.drop((_kept(app, group.bind),), now=True)
        group.close()

    def descriptors(self, app: str, listener: int) -> list[int]:
        """What a worker inherits: one descriptor for each address. Raises OSError where one had to be bound."""
        return [group.at(listener).fileno() for group in self._groups.get(app, [])]

    def expect(self, app: str, binds: tuple[Bind, ...]) -> None:
        """Workers of this app run that we have taken over: where nothing was kept, the listeners are theirs alone."""
        if binds and not any(name.startswith(_kept(app, "")) for name in self._store.names()):
            self._astray.add(app)

    def steer(self, app: str, weights: dict[int, int]) -> None:
        """Give new connections to these listeners, by weight. Raises OSError."""
        for group in self._groups.get(app, []):
            if not group.shared and not group.astray:
                size = len(group.sockets)
                reuseport.steer(group.sockets[0], {i: w for i, w in weights.items() if i < size}, size)

    def tend(self, app: str, listeners: frozenset[int], hand_over: HandOver) -> None:
        """Accept what arrives at these listeners and hand it over; replaces what was tended before."""
        for fd in self._tended.pop(app, {}):
            self._reactor.forget(fd)
        tended: dict[int, socket.socket] = {}
        for group in self._groups.get(app, []):
            for index, sock in group.sockets.items():
                if index in listeners and not group.shared:
                    tended[sock.fileno()] = sock
        self._tended[app] = tended
        self._hand_over[app] = hand_over
        for fd, sock in tended.items():
            self._reactor.read(fd, lambda sock=sock: self._take(app, sock))  # type: ignore[misc]
        self._bring_home(app)

    def _take(self, app: str, listener: socket.socket) -> None:
        while not self._stranded.get(app):
            try:
                connection, _ = listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._reactor.pause(listener.fileno(), BREATH)
                return  # what is there stays in the queue
            self._stranded.setdefault(app, []).append(connection)
            self._bring_home(app)
        self._reactor.pause(listener.fileno(), BREATH)

    def _bring_home(self, app: str) -> None:
        """Hand over what no worker has taken yet, and try again soon when none takes it now."""
        stranded = self._stranded.get(app, [])
        while stranded and self._hand_over[app](stranded[0]):
            stranded.pop(0).close()
        if stranded:
            self._reactor.later(BREATH, lambda: self._bring_home(app))


def _kept(app: str, bind: Bind | str) -> str:
    """The name under which the listeners of an address are kept."""
    return f"listen {app} {bind}"


def _cannot_bind(bind: Bind, error: OSError) -> CannotBind:
    from mainstay.sys import owners  # for an error only

    address = str(bind)
    if error.errno == errno.EADDRINUSE:
        owner = owners.listening_on(bind.host, bind.port) if isinstance(bind, TcpBind) else owners.unix_owner(bind.path)
        by = _whose(owner) if owner else " by another process"
        return CannotBind(f"{address} is in use{by}", _way_out(owner))
    if error.errno in (errno.EACCES, errno.EPERM):
        low = isinstance(bind, TcpBind) and 0 < bind.port < 1024
        hint = "ports below 1024 need root or CAP_NET_BIND_SERVICE; put a proxy in front" if low else ""
        return CannotBind(f"{address}: no permission to bind it", hint)
    if error.errno == errno.EADDRNOTAVAIL:
        return CannotBind(f"{address}: this machine has no such address", "0.0.0.0 means all of its addresses")
    return CannotBind(f"{address}: {error.strerror or error}", "")


def _way_out(owner: "Owner | None") -> str:
    from mainstay.sys.left_behind import siblings

    left = siblings(owner.pid) if owner and owner.pid else ()
    if left:
        return f"left by a daemon that was killed; `kill {' '.join(map(str, left))}` ends it"
    return "end that process, or give another address with --bind or --port"


def _whose(owner: "Owner") -> str:
    return f" by {owner.name} (pid {owner.pid}, user {owner.user})" if owner.pid else f" by a process of {owner.user}"
