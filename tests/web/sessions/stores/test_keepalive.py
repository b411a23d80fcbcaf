"""Idle connections."""

import asyncio
import socket
import sys

import pytest
import uvloop

from mainstay.web.sessions.stores.keepalive import keep_alive
from mainstay.web.sessions.stores.multiplexed import Multiplexed
from mainstay.web.sessions.stores.resp import Reply, encode
from tests.web.sessions.stores.slow_server import SlowServer


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the options have other names elsewhere")
def test_an_idle_tcp_connection_is_asked_every_minute() -> None:
    with socket.socket() as sock:
        keep_alive(sock)

        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60


def test_a_unix_socket_needs_none_of_it() -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        keep_alive(sock)

        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_the_shared_connection_is_kept_alive(run: object, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("mainstay.web.sessions.stores.multiplexed.keep_alive", asked.append)

    async def use() -> None:
        slow = SlowServer()
        connection: Multiplexed[Reply] = Multiplexed(slow.server(), asyncio.get_running_loop())
        await connection.call(encode((b"GET", b"word")))
        keep_alive(asked[0])  # type: ignore[arg-type]  # the loop's own kind of socket: that is what is tested
        await connection.close()
        slow.close()

    assert callable(run)
    run(use())
    assert len(asked) == 1
