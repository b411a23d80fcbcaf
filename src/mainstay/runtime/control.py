"""The control sockets: one SOCK_SEQPACKET datagram a message, in two dialects.

To a template: JSON both ways. To a worker: the KEY=VALUE lines of sd_notify(3), except a cold worker's first message,
which is JSON. A message of an unknown kind is skipped: a newer daemon may say more.
"""

import json
import os
import socket
from contextlib import suppress
from typing import Any, assert_never

from mainstay.runtime.messages import (
    Accept,
    Cold,
    Connection,
    Drain,
    Engine,
    Failed,
    Find,
    Fork,
    Forked,
    ForkFailed,
    Imported,
    Interface,
    Limits,
    Load,
    NotForked,
    Place,
    Report,
    Serve,
    TemplateReply,
    TemplateRequest,
    WorkerRequest,
)
from mainstay.sys.fds import recv_with_fds, send_with_fds

MESSAGE_BYTES = 65536
MOST_DESCRIPTORS = 64
LIMITS = ("WATCHDOG_USEC", "MAX_REQUESTS")
LINE_CHARACTERS = 4000  # of an error: what is longer is in the traceback on stderr

# Any: what json.loads gives; each field is converted, or refused, where it is read.
Fields = dict[str, Any]


class TemplateSide:
    """A template's end of its control socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def receive(self) -> TemplateRequest | None:
        """Wait for the next message; None at the end, when the daemon closed its side."""
        while True:
            data, fds = _receive(self._sock)
            if not data:
                return None
            message = _template_request(json.loads(data), fds)
            if message is not None:
                return message
            _close(fds)

    def send(self, reply: TemplateReply) -> None:
        """Tell the daemon; when it is gone nothing happens, and the end shows at the next `receive`."""
        _send(self._sock, json.dumps(_template_fields(reply)).encode())

    def close(self) -> None:
        """Close this end in this process."""
        self._sock.close()


class WorkerSide:
    """A worker's end of its control socket. The daemon may be gone at any time: then what is said is lost."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        """The descriptor, to wait on."""
        return self._sock.fileno()

    def receive_serve(self) -> Serve | None:
        """Wait for a cold worker's first message; None when the daemon closed its side instead."""
        while True:
            data, fds = _receive(self._sock)
            if not data:
                return None
            fields = json.loads(data)
            if fields.get("type") == "serve":
                return Serve(_load(fields), _place(fields), tuple(fds))
            _close(fds)

    def receive(self) -> list[WorkerRequest] | None:
        """Read one datagram that is known to be there; None at the end, when the daemon closed its side."""
        data, fds = _receive(self._sock)
        if not data:
            return None
        requests: list[WorkerRequest] = []
        limits: dict[str, int] = {}
        for line in data.decode(errors="replace").splitlines():
            match line:
                case "ACCEPT=1":
                    requests.append(Accept())
                case "DRAIN=1":
                    requests.append(Drain())
                case "REPORT=1":
                    requests.append(Report())
                case "CONNECTION=1" if fds:
                    requests.append(Connection(fds.pop(0)))
                case _:
                    name, _, value = line.partition("=")
                    if name in LIMITS and value.isdecimal():
                        limits[name] = int(value)
        if limits:
            requests.append(Limits(limits.get("WATCHDOG_USEC", 0) / 1e6, limits.get("MAX_REQUESTS", 0)))
        _close(fds)
        return requests

    def ready(self) -> None:
        """The app has started and could serve."""
        _send(self._sock, b"READY=1")

    def alive(self) -> None:
        """The loop turns. Never waits: a daemon that does not read must not stop it."""
        self._say_now(b"WATCHDOG=1")

    def served(self, count: int) -> None:
        """It has answered as many requests as it may."""
        self._say_now(f"REQUESTS={count}".encode())

    def _say_now(self, data: bytes) -> None:
        with suppress(OSError):
            self._sock.send(data, socket.MSG_DONTWAIT)

    def stopping(self) -> None:
        """No new connection is accepted any more."""
        _send(self._sock, b"STOPPING=1")

    def status(self, text: str) -> None:
        """Say in one line what is going on."""
        _send(self._sock, f"STATUS={one_line(text)}".encode())

    def error(self, text: str) -> None:
        """Say in one line why this worker is about to exit with a failure."""
        _send(self._sock, f"ERROR={one_line(text)}".encode())


def one_line(text: str) -> str:
    """`text` without line breaks, cut to what fits a message."""
    return " ".join(text.split())[:LINE_CHARACTERS]


def _receive(sock: socket.socket) -> tuple[bytes, list[int]]:
    try:
        return recv_with_fds(sock, MESSAGE_BYTES, MOST_DESCRIPTORS)
    except ConnectionError:  # the daemon died with messages of ours unread
        return b"", []


def _send(sock: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        send_with_fds(sock, data, [])


def _close(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)


def _template_request(fields: Fields, fds: list[int]) -> TemplateRequest | None:
    match fields.get("type"):
        case "load":
            return _load(fields)
        case "fork" if len(fds) >= 3:
            env = {str(key): str(value) for key, value in fields.get("env", {}).items()}
            return Fork(_place(fields), env, fds[0], fds[1], fds[2], tuple(fds[3:]))
        case "find":
            return Find(str(fields["token"]))
        case "report":
            return Report()
        case _:
            return None


def _load(fields: Fields) -> Load:
    return Load(
        app=str(fields["app"]),
        target=str(fields["target"]),
        engine=Engine(fields.get("engine", Engine.UVICORN)),
        interface=Interface(fields.get("interface", Interface.AUTO)),
        threads=int(fields.get("threads", 40)),
        stop_timeout=float(fields.get("stop_timeout", 10.0)),
        preload=bool(fields.get("preload", True)),
    )


def _place(fields: Fields) -> Place:
    return Place(str(fields["token"]), int(fields.get("slot", 0)), int(fields.get("generation", 0)))


def _template_fields(reply: TemplateReply) -> dict[str, str | int | float]:
    match reply:
        case Imported(interface, seconds):
            return {"type": "imported", "interface": interface.value, "seconds": round(seconds, 3)}
        case Cold(interface, reason):
            return {"type": "cold", "interface": interface.value, "reason": one_line(reason)}
        case Failed(error, hint):
            return {"type": "failed", "error": one_line(error), "hint": one_line(hint)}
        case Forked(token, pid):
            return {"type": "forked", "token": token, "pid": pid}
        case ForkFailed(token, error):
            return {"type": "fork-failed", "token": token, "error": one_line(error)}
        case NotForked(token):
            return {"type": "not-forked", "token": token}
        case _:
            assert_never(reply)
