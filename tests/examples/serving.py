"""Serving an example the plain way, without mainstay: one process per server, on a port that is surely free."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import until

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def listening_socket() -> socket.socket:
    """A socket that listens on a free port of 127.0.0.1, to be inherited by a server."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def url_of(listener: socket.socket) -> str:
    """`http://127.0.0.1:PORT`."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def start_asgi(target: str, folder: str, listener: socket.socket, **env: str) -> "subprocess.Popen[bytes]":
    """uvicorn with `target` of examples/`folder` on `listener`; the caller ends it."""
    argv = [sys.executable, "-m", "uvicorn", target, "--fd", str(listener.fileno()), "--log-level", "warning"]
    return _start(argv, folder, listener, env)


def start_wsgi(target: str, folder: str, listener: socket.socket, **env: str) -> "subprocess.Popen[bytes]":
    """The standard library's WSGI server with `target` of examples/`folder` on `listener`; the caller ends it."""
    module, name = target.split(":")
    program = (
        "import importlib, socket, sys; from wsgiref.simple_server import WSGIServer, WSGIRequestHandler as Handler\n"
        f"sys.path.insert(0, ''); app = getattr(importlib.import_module({module!r}), {name!r})\n"
        "server = WSGIServer(('127.0.0.1', 0), Handler, bind_and_activate=False); server.socket.close()\n"
        f"server.socket = socket.socket(fileno={listener.fileno()}); server.server_name = '127.0.0.1'\n"
        "server.server_port = server.socket.getsockname()[1]; server.setup_environ()\n"
        "server.set_app(app); server.serve_forever()"
    )
    return _start([sys.executable, "-c", program], folder, listener, env)


def _start(argv: list[str], folder: str, listener: socket.socket, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        argv, cwd=EXAMPLES / folder, env={**os.environ, **env}, pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL
    )


@contextmanager
def ended(*servers: "subprocess.Popen[bytes]") -> Generator[None]:
    """Ends the servers, whatever the block does."""
    try:
        yield
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(30)


def answer(url: str) -> dict[str, object]:
    """The JSON at `url`; raises OSError while nothing serves it."""
    with urllib.request.urlopen(url, timeout=10) as response:
        found: dict[str, object] = json.load(response)
        return found


def until_it_answers(server: "subprocess.Popen[bytes]", url: str) -> None:
    """Wait for a 200 from `url`; fail at once when `server` has ended."""

    def answers() -> bool:
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            answer(url)
        except OSError:
            return False
        return True

    until(answers, what=f"an answer from {url}")
