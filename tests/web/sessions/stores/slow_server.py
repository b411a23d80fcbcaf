"""A server of Redis' protocol that answers when the test says so: what a real one does too seldom to be tested."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from mainstay.web.sessions.stores.redis_url import Login
from mainstay.web.sessions.stores.redis_wire import RedisWire
from mainstay.web.sessions.stores.resp import PythonParser, Reply
from mainstay.web.sessions.stores.wire import NOTHING, Limits, Place, Server

Answer = Callable[[list[bytes]], bytes]


def echo(command: list[bytes]) -> bytes:
    """The last word of a command, as its value."""
    return b"$%d\r\n%b\r\n" % (len(command[-1]), command[-1])


class SlowServer:
    """Answers HELLO, and whatever else as `answer` says, b"" for nothing yet.

    b"BYE" ends the connection; b"HANG" leaves it open, but nothing on it is read or answered any more.
    """

    def __init__(self, answer: Answer = echo) -> None:
        self.answer = answer
        self.commands: list[list[bytes]] = []
        self.connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def server(self, limits: Limits | None = None) -> Server[Reply]:
        """How to reach it."""
        place = Place("127.0.0.1", self._port)
        return Server("Redis", place, RedisWire(place, Login()), limits or Limits(timeout=20, connect_timeout=20))

    def close(self) -> None:
        """End all."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # a thread waits in it, which closing alone does not end
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        parser = PythonParser()
        with suppress(OSError):
            while data := connection.recv(65536):
                parser.feed(data)
                while (command := parser.gets()) is not NOTHING:
                    assert isinstance(command, list)
                    said = b"*0\r\n" if command[0] == b"HELLO" else self._answered(command)
                    if said == b"HANG":
                        return
                    if said == b"BYE":
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                    connection.sendall(said)

    def _answered(self, command: list[bytes]) -> bytes:
        self.commands.append(command)
        return self.answer(command)
