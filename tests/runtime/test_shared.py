"""What all connections of a worker share."""

# An app takes what its interface gives it, needed or not.
# ruff: noqa: ARG001

import asyncio
import socket
import time
from typing import Any

from tests.runtime.wire import serving
from tests.waiting import until


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/slow":
        await asyncio.sleep(3600)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def is_closed(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_only_connections_that_idle_after_an_answer_are_closed() -> None:
    with serving(app) as server:
        idle, unused, busy, half = (server.connect() for _ in range(4))
        for client in (idle, half):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 204")
        busy.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        half.sendall(b"GET / HT")
        until(lambda: server.shared.tasks)
        until(lambda: sum(c.answered_at is not None for c in server.shared.connections) == 1)  # type: ignore[union-attr]

        server.call(server.shared.close_idle, 60)
        server.call(server.shared.close_idle, -1)  # as if it were later

        until(lambda: is_closed(idle))
        assert not any(is_closed(client) for client in (unused, busy, half))
        half.setblocking(True)
        half.sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
        assert half.recv(65536).startswith(b"HTTP/1.1 204")
        for client in (idle, unused, busy, half):
            client.close()


def test_a_task_that_was_cancelled_before_it_began_is_no_work() -> None:
    with serving(app) as server:

        async def never() -> None:
            raise AssertionError

        task = server.call(lambda: server.shared.loop.create_task(never()))
        server.shared.tasks.add(task)
        server.call(task.cancel)

        until(task.done)
        assert not server.shared.is_busy()


def test_the_servers_own_headers_are_rendered_once() -> None:
    with serving(app) as server:
        server.shared.renew([(b"date", str(time.time()).encode()), (b"server", b"x")])

        assert server.shared.head.endswith(b"\r\nserver: x\r\n")
        assert server.shared.default_headers[1] == (b"server", b"x")
