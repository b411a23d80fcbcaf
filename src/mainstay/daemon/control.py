"""The daemon's socket: who may speak, one reader a client, and replies that never block the daemon."""

import errno
import os
import socket
from collections.abc import Callable

from mainstay.daemon.reactor import Reactor
from mainstay.protocol.framing import ProtocolError, Reader
from mainstay.protocol.messages import Failed, Greeting, Notice, Reply, Request
from mainstay.sys.fds import peer

UNSENT_LIMIT = 64 * 1024 * 1024
"""Bytes that may wait for a client that does not read; after that it is let go."""

UNREAD = 1024 * 1024
"""Bytes that may wait for a client before no more of what it asks is read."""
BREATH = 0.2
"""Seconds until clients are accepted again when there was no descriptor, or read again when they do not read."""


class Client:
    """One connection."""

    def __init__(self, sock: socket.socket, uid: int) -> None:
        self.sock = sock
        self.uid = uid
        """The user at the other end."""
        self.reader = Reader()
        self.unsent = bytearray()
        self.open = True

    def __repr__(self) -> str:
        return f"<Client {self.sock.fileno()} {len(self.unsent)} unsent>"


OnRequest = Callable[[Client, Request], None]


class Control:
    """Listens at `path` (0600) and hands requests to `on_request`; answers go back through `send`."""

    def __init__(self, reactor: Reactor, path: str, greeting: Greeting, on_request: OnRequest) -> None:
        self._reactor = reactor
        self._path = path
        self._greeting = greeting
        self._on_request = on_request
        self._clients: dict[int, Client] = {}
        self._listener = self._listen(path)
        reactor.read(self._listener.fileno(), self._accept)

    def _listen(self, path: str) -> socket.socket:
        """Bind the socket; the caller holds the lock of this home, so whatever is there is stale."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        new = f"{path}.new"
        for name in (new, path):
            if os.path.lexists(name):
                os.unlink(name)
        umask = os.umask(0o177)
        try:
            sock.bind(new)
        finally:
            os.umask(umask)
        sock.listen(128)
        sock.setblocking(False)
        os.rename(new, path)  # it is there only when it answers
        return sock

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._reactor.pause(self._listener.fileno(), BREATH)
                return
            uid = peer(sock).uid
            if uid not in (0, os.geteuid()):
                sock.close()
                continue
            sock.setblocking(False)
            client = Client(sock, uid)
            self._clients[sock.fileno()] = client
            self._reactor.read(sock.fileno(), lambda client=client: self._receive(client))  # type: ignore[misc]
            self._push(client, self._greeting.encode())

    def _receive(self, client: Client) -> None:
        if len(client.unsent) > UNREAD:
            self._reactor.pause(client.sock.fileno(), BREATH)
            return
        try:
            data = client.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(client)
            return
        try:
            for message in client.reader.feed(data):
                self._on_request(client, Request.parse(message))
        except ProtocolError as error:
            self.send(client, Failed(0, error.message, error.hint, (), 2))
            self._close(client)

    def send(self, client: Client, message: Reply | Notice) -> None:
        """Send an answer, now or when the client reads; nothing happens when it is gone."""
        if not client.open:
            return
        try:
            data = message.encode()
        except ProtocolError as error:  # too long
            data = Failed(message.id, error.message, "ask for fewer apps at a time").encode()
        self._push(client, data)

    def _push(self, client: Client, data: bytes) -> None:
        client.unsent += data
        if len(client.unsent) > UNSENT_LIMIT:
            self._close(client)
            return
        self._flush(client)

    def _flush(self, client: Client) -> None:
        try:
            sent = client.sock.send(client.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close(client)
            return
        del client.unsent[:sent]
        self._reactor.write(client.sock.fileno(), (lambda: self._flush(client)) if client.unsent else None)

    def _close(self, client: Client) -> None:
        if client.open:
            client.open = False
            del self._clients[client.sock.fileno()]
            self._reactor.forget(client.sock.fileno())
            client.sock.close()

    @property
    def is_flushed(self) -> bool:
        """Whether every answer is on its way."""
        return not any(client.unsent for client in self._clients.values())

    def close(self) -> None:
        """No new clients; the socket file goes first, so that nobody finds a daemon that is leaving."""
        if os.path.lexists(self._path):
            os.unlink(self._path)
        self._reactor.forget(self._listener.fileno())
        self._listener.close()
        for client in tuple(self._clients.values()):
            self._close(client)
