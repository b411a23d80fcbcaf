"""The Redis that sessions are measured on is a private one, and leaves nothing behind."""

import socket
from pathlib import Path

from benchmarks.redis_server import redis_server


def ask(port: int, command: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(command + b"\r\n")
        return connection.recv(100)


def test_it_answers_and_keeps_nothing_on_the_disk() -> None:
    with redis_server() as redis:
        kept = ask(redis.port, b"CONFIG GET save")

        assert redis.url == f"redis://127.0.0.1:{redis.port}/0"
        assert kept == b"*2\r\n$4\r\nsave\r\n$0\r\n\r\n"
        assert b"redis-server" in Path(f"/proc/{redis.pid}/cmdline").read_bytes()
    assert not Path(f"/proc/{redis.pid}").exists()
