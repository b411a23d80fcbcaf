"""An app behind an HTTP protocol on a real socket, in a loop of its own in a thread; and what goes over the wire."""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from mainstay.runtime.http_connection import HttpConnection
from mainstay.runtime.loops import loop_factory
from mainstay.runtime.shared import Shared

# Any: ASGI's apps are open, and uvicorn's protocols take other arguments than ours.
Make = Callable[[Shared], Any]


class Server:
    """Where it listens, and what its connections share."""

    def __init__(self, port: int, shared: Shared) -> None:
        self.port = port
        self.shared = shared

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), 30)

    def exchange(self, *pieces: bytes) -> bytes:
        """Send pieces and read to the end, which the last request must ask for; without the Date."""
        with self.connect() as client:
            for piece in pieces:
                client.sendall(piece)
            return without_date(read_to_end(client))

    def call(self, what: Callable[..., Any], *arguments: Any) -> Any:
        """Call something in the loop's thread; its result."""

        async def calling() -> Any:
            return what(*arguments)

        return asyncio.run_coroutine_threadsafe(calling(), self.shared.loop).result(30)


@contextmanager
def serving(app: Any, make: Make = HttpConnection) -> Iterator[Server]:
    """Serve `app` while the block runs."""
    loop = loop_factory()()
    config = uvicorn.Config(
        app, interface="asgi3", log_config=None, access_log=False, http=HttpConnection, proxy_headers=False
    )
    config.load()
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    shared = Shared(config, loop, {"word": "kept"})
    shared.renew([(b"date", b"today"), *config.encoded_headers])
    server = loop.run_until_complete(loop.create_server(lambda: make(shared), sock=listener))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Server(listener.getsockname()[1], shared)
    finally:
        asyncio.run_coroutine_threadsafe(_end(shared, server), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(shared: Shared, server: asyncio.AbstractServer) -> None:
    server.close()
    for connection in list(shared.connections):
        connection.transport.close()
    tasks = set(shared.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)


def read_to_end(client: socket.socket) -> bytes:
    """Everything until the server closes; a reset is an end as well."""
    data = bytearray()
    while True:
        try:
            piece = client.recv(65536)
        except ConnectionResetError:
            return bytes(data)
        if not piece:
            return bytes(data)
        data += piece


def without_date(data: bytes) -> bytes:
    """The bytes of responses without what differs from second to second."""
    return re.sub(rb"date: [^\r]*\r\n", b"", data)
