"""An app that does what it should not when it is asked to, and how it is declared and called."""

import contextlib
import random
import socket
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

from mainstay.model.spec import AppSpec, Engine, Health, HttpCheck, Limits, PythonApp, TcpBind
from tests.daemon import apps
from tests.daemon.running import Daemon, web

SOURCE = """
import os, time

ill = False
kept = []

def stand_still():
    time.sleep(1000)

async def app(scope, receive, send):
    global ill
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    path, status = scope["path"], 200
    if path in ("/fall-ill", "/recover"):
        ill = path == "/fall-ill"
    elif path == "/health":
        status = 503 if ill else 200
    elif path == "/block":
        stand_still()
    elif path == "/grow":
        kept.append(b"x" * (96 << 20))
    body = str(os.getpid()).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""
HEALTH = Health(HttpCheck("/health"), interval=0.2, timeout=5.0, failures=2)


def spec(folder: Path, instances: int = 2, health: Health | None = None, **limits: Any) -> AppSpec:
    """The app, at a port of its own."""
    apps.write(folder / "app", sick=SOURCE)
    app = web("sick", "sick:app", folder / "app", instances)
    return replace(app, binds=(TcpBind("127.0.0.1", 0),), health=health, limits=Limits(**limits))


def on(engine: Engine, app: AppSpec) -> AppSpec:
    """The same, served by this engine."""
    assert isinstance(app.program, PythonApp)
    return replace(app, program=replace(app.program, engine=engine))


def port_of(daemon: Daemon, app: str = "sick") -> int:
    """The port that was bound."""
    (described,) = daemon.ask("describe", selectors=[app])["apps"]
    return int(str(described["binds"][0]).rpartition(":")[2])


def get(port: int, path: str) -> int:
    """Ask on a new connection; the pid of the worker that answered."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return int(answer.read())


def pids(daemon: Daemon, app: str = "sick") -> set[int]:
    """The workers that are online."""
    return {row["pid"] for row in daemon.rows() if row["app"] == app and row["status"] == "online"}


def reasons(daemon: Daemon, app: str = "sick") -> str:
    """Why workers have ended, all in one."""
    (described,) = daemon.ask("describe", selectors=[app])["apps"]
    return "; ".join(str(one["reason"]) for slot in described["slots"] for one in slot["exits"])


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that are free, below those the kernel gives to whoever connects."""
    for _ in range(100):
        first = random.randrange(20_000, 32_000)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
    raise AssertionError("no free ports")
