"""A daemon for tests of the command line: a real Unix socket in a real MAINSTAY_HOME, with scripted answers."""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mainstay import __version__
from mainstay.protocol.framing import PROTOCOL, Reader, encode

Json = dict[str, Any]  # Any: what tests write down as answers
Script = Callable[[Json], Iterator[Json]]
"""Gets the arguments of a request; yields notices and the reply, without their id."""


def ok(result: object) -> Script:
    """Answer with a result."""
    return lambda _args: iter([{"ok": result}])


def came_of(
    apps: str,
    outcome: str,
    *changes: str,
    message: str = "",
    survivors: Sequence[Json] = (),
    warnings: Sequence[str] = (),
) -> Json:
    """The result of a verb that changes something: one outcome for each of some apps, named in one text."""
    usual = {"outcome": outcome, "changes": list(changes), "message": message, "code": None}
    outcomes = [{"app": app, **usual} for app in apps.split()]
    return {"apps": outcomes, "survivors": list(survivors), "warnings": list(warnings)}


def refused(message: str, *, exit_code: int = 1, **more: object) -> Script:
    """Answer with an error; `more` are hint, lines and result."""
    return lambda _args: iter([{"error": {"message": message, "exit_code": exit_code, **more}}])


def row(slot: str, **changes: object) -> Json:
    """A row of `list`: an online web worker unless told otherwise."""
    app, _, index = slot.rpartition("-")
    usual = {
        "id": int(index),
        "app": app,
        "slot": slot,
        "index": int(index),
        "namespace": "default",
        "mode": "asgi",
        "pid": 4100 + int(index),
        "uptime": 754.2,
        "restarts": 0,
        "status": "online",
        "next_try": None,
        "marks": [],
        "cpu": 0.3,
        "memory": 20_400_000,
        "generation": 1,
        "rollout": "",
        "schedule": None,
    }
    return usual | changes


class FakeDaemon:
    """Listens in `home` while it is entered. `answers` maps verbs to scripts; `requests` is what was asked."""

    def __init__(self, home: str, *, greeting: Json | None = None) -> None:
        self.home = home
        self.greeting = {"mainstay": __version__, "protocol": PROTOCOL, "pid": os.getpid(), "home": home}
        self.greeting |= greeting or {}
        self.answers: dict[str, Script] = {"list": ok({"rows": []}), "plan": ok({"apps": []})}
        self.requests: list[Json] = []
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> "FakeDaemon":
        os.makedirs(self.home, mode=0o700, exist_ok=True)
        self._listener.bind(os.path.join(self.home, "daemon.sock"))
        self._listener.listen()
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads from it
        for thread in self._threads:
            thread.join(10)
        os.unlink(os.path.join(self.home, "daemon.sock"))

    def rows(self, *rows: Json) -> None:
        """What `list` answers from now on."""
        self.answers["list"] = ok({"rows": list(rows)})

    def asked(self, verb: str) -> list[Json]:
        """The arguments of each request with this verb."""
        return [request["args"] for request in self.requests if request["verb"] == verb]

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        reader = Reader()
        try:
            connection.sendall(encode(self.greeting))
            while data := connection.recv(65536):
                for request in reader.feed(data):
                    self._answer(connection, request)
        except OSError:
            pass  # the command hung up
        finally:
            connection.close()

    def _answer(self, connection: socket.socket, request: Json) -> None:
        self.requests.append(json.loads(json.dumps(request)))
        script = self.answers.get(request["verb"], refused(f"cannot {request['verb']}: the fake does not know how"))
        for message in script(request["args"]):
            if message.get("hang up"):
                connection.shutdown(socket.SHUT_RDWR)
                return
            connection.sendall(encode({"id": request["id"], **message}))
