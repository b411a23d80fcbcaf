"""A server that treats each connection as a script says: answers, resets, closes early, stays silent."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

Conduct = Callable[[socket.socket, int], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
OK_CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
OK_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi"


class FakeServer:
    """Listens on 127.0.0.1; each connection gets a thread that runs `conduct(connection, number of the connection)`."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> "FakeServer":
        return self

    def __exit__(self, *_: object) -> None:
        # A thread in accept() keeps the socket open; shutdown wakes it.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()
            number += 1

    def _serve(self, connection: socket.socket, number: int) -> None:
        # The client may go first.
        with connection, contextlib.suppress(OSError):
            self._conduct(connection, number)


def take_request(connection: socket.socket) -> bool:
    """Read one request; False when the client has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece:
            return False
        data += piece
    return True


def reset(connection: socket.socket) -> None:
    """Close so that the client gets RST and not FIN (socket(7), SO_LINGER with 0 seconds)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def always(answer: bytes) -> Conduct:
    """Give every request on every connection the same answer."""

    def conduct(connection: socket.socket, _number: int) -> None:
        while take_request(connection):
            connection.sendall(answer)

    return conduct
