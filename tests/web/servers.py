"""Real servers, each as its users start it, with an app that says what it was given."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import until

BIN = Path(sys.executable).parent
SRC = Path(__file__).parents[2] / "src"

APP = """
import json
from mainstay.web import request
from mainstay.web.proxy import ProxyMiddleware, TrustedProxies, WSGIProxyMiddleware

PROXIES = TrustedProxies("loopback", "unix", "10.0.0.0/8")


def described(client, path, query, agent):
    known = {"address": client.address, "scheme": client.scheme, "host": client.host}
    return json.dumps({**known, "path": path, "query": query, "agent": agent}).encode()


async def told(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    found = request.scope_path(scope), request.scope_query(scope), request.scope_header(scope, b"user-agent")
    body = described(scope["mainstay.client"], *found)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def told_wsgi(environ, start_response):
    found = request.environ_path(environ), request.environ_query(environ), request.environ_header(environ, "user-agent")
    body = described(environ["mainstay.client"], *found)
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


asgi = ProxyMiddleware(told, proxies=PROXIES)
wsgi = WSGIProxyMiddleware(told_wsgi, proxies=PROXIES)
"""


@dataclass(frozen=True, slots=True)
class RealServer:
    """How it is started: `{port}` or `{path}` stand for where it listens."""

    tcp: tuple[str, ...]
    unix: tuple[str, ...]


SERVERS = {
    "uvicorn": RealServer(
        ("uvicorn", "--no-proxy-headers", "told:asgi", "--port", "{port}"),
        ("uvicorn", "told:asgi", "--uds", "{path}"),
    ),
    "hypercorn": RealServer(
        ("hypercorn", "told:asgi", "-b", "127.0.0.1:{port}"), ("hypercorn", "told:asgi", "-b", "unix:{path}")
    ),
    "granian": RealServer(
        ("granian", "--interface", "asgi", "told:asgi", "--port", "{port}"),
        ("granian", "--interface", "asgi", "told:asgi", "--uds", "{path}"),
    ),
    "daphne": RealServer(("daphne", "-p", "{port}", "told:asgi"), ("daphne", "-u", "{path}", "told:asgi")),
    "gunicorn": RealServer(
        ("gunicorn", "told:wsgi", "-b", "127.0.0.1:{port}"), ("gunicorn", "told:wsgi", "-b", "unix:{path}")
    ),
    "waitress": RealServer(
        ("waitress-serve", "--no-clear-untrusted-proxy-headers", "--listen", "127.0.0.1:{port}", "told:wsgi"),
        ("waitress-serve", "--no-clear-untrusted-proxy-headers", "--unix-socket", "{path}", "told:wsgi"),
    ),
    "granian-wsgi": RealServer(
        ("granian", "--interface", "wsgi", "told:wsgi", "--port", "{port}"),
        ("granian", "--interface", "wsgi", "told:wsgi", "--uds", "{path}"),
    ),
    "hypercorn-wsgi": RealServer(
        ("hypercorn", "wsgi:told:wsgi", "-b", "127.0.0.1:{port}"), ("hypercorn", "wsgi:told:wsgi", "-b", "unix:{path}")
    ),
}


@contextlib.contextmanager
def started(argv: tuple[str, ...], folder: Path, address: int | Path) -> Iterator[None]:
    """A server while the block runs, from when it answers on."""
    words = [word.format(port=address, path=address) for word in argv]
    environ = {**os.environ, "PYTHONPATH": str(SRC)}
    with (folder / "server.log").open("wb") as log:
        command = [str(BIN / words[0]), *words[1:]]
        server = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: _answers(address) or server.poll() is not None, 60, f"{words[0]} answers")
        assert server.poll() is None, (folder / "server.log").read_text()
        yield
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def connected(address: int | Path) -> socket.socket:
    """A connection to where a server listens."""
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address), 30)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(str(address))
    return sock


def asked(address: int | Path, target: str, *headers: str) -> dict[str, Any]:
    """What the app says that it was given; Any: it is JSON."""
    return json.loads(raw(address, target, *headers))  # type: ignore[no-any-return]  # an object: see `described`


def raw(address: int | Path, target: str, *headers: str) -> bytes:
    """The body of the answer to a GET, whose connection is closed."""
    with connected(address) as client:
        head = "\r\n".join([f"GET {target} HTTP/1.1", *headers, "Connection: close", "", ""])
        client.sendall(head.encode("latin-1"))
        with client.makefile("rb") as answer:
            length = 0
            while (line := answer.readline().strip().lower()) != b"":
                length = int(line.split(b":")[1]) if line.startswith(b"content-length:") else length
            return answer.read(length)


def _answers(address: int | Path) -> bool:
    try:
        return bool(raw(address, "/", "Host: up"))
    except OSError:
        return False
