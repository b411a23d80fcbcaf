"""A stand-in for the daemon: starts `boot.py` with a control socket and speaks both dialects with it.

It becomes a child subreaper, as the daemon is, so that the workers that a template forks become its children; each is
reaped by its pid.
"""

import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from mainstay.sys.fds import recv_with_fds, send_with_fds
from tests.adopting import adopting
from tests.waiting import until

ROOT = Path(__file__).parents[2]
BOOT = ROOT / "src" / "mainstay" / "runtime" / "boot.py"
PATIENCE = 60.0

# Any: what json.loads gives; a test looks at the fields it means.
Fields = dict[str, Any]


def _is_readable(sock: socket.socket, seconds: float) -> bool:
    """Whether there is something to read within so many seconds; by poll(2), which takes descriptors above 1023 too."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


class Pipe:
    """What a process writes to its stdout or stderr, collected here."""

    def __init__(self) -> None:
        reader, self.writer = os.pipe()
        os.set_blocking(reader, False)
        self._reader = io.FileIO(reader)
        self._text = b""

    @property
    def text(self) -> str:
        """Everything written up to now."""
        while chunk := self._reader.read(65536):
            self._text += chunk
        return self._text.decode()

    def close(self) -> None:
        """Close both ends. There is nothing to be read from then on."""
        self._reader.close()
        os.close(self.writer)


class Worker:
    """A worker: its pid, its end of the control socket, its output."""

    def __init__(self, pid: int, control: socket.socket, out: Pipe, err: Pipe) -> None:
        self.pid = pid
        self.control = control
        self.out = out
        self.err = err
        self.said: list[str] = []
        self.status: int | None = None

    def tell(self, line: str, *fds: int) -> None:
        """Send one line, with descriptors."""
        send_with_fds(self.control, line.encode(), fds)

    def hear(self, line: str) -> None:
        """Wait until the worker has said `line`."""
        until(lambda: line in self._listen() or self.has_ended(), PATIENCE, line)
        assert line in self._listen(), f"{self.said}, ended with {self.status}, stderr: {self.err.text}"

    def hear_error(self) -> str:
        """Wait for the ERROR= line; its text."""
        lines = until(lambda: [line for line in self._listen() if line.startswith("ERROR=")], PATIENCE, "ERROR=")
        return lines[0].removeprefix("ERROR=")

    def serve(self) -> None:
        """Wait until it is ready, then let it accept."""
        self.hear("READY=1")
        self.tell("ACCEPT=1")

    def drain(self) -> None:
        """Tell it to drain, and wait until it has stopped accepting."""
        self.tell("DRAIN=1")
        self.hear("STOPPING=1")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal, if it is still there."""
        if not self.has_ended():
            os.kill(self.pid, number)

    def has_ended(self) -> bool:
        """Reap it if it has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def exit_code(self) -> int:
        """Wait for its end: the exit code, or minus the signal."""
        until(self.has_ended, PATIENCE, "the end of the worker")
        assert self.status is not None
        return os.waitstatus_to_exitcode(self.status)

    def _listen(self) -> list[str]:
        while _is_readable(self.control, 0):
            data = self.control.recv(65536)
            if not data:
                break
            self.said += data.decode().splitlines()
        return self.said


class FakeDaemon:
    """Starts templates and cold workers in `folder`, and ends all of them at the end of a `with`."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self._at_the_end = ExitStack()
        self._at_the_end.enter_context(adopting())
        self.folder = folder
        self.settings: Fields = {
            "app": "web",
            "engine": "uvicorn",
            "interface": "auto",
            "threads": 8,
            "stop_timeout": 10.0,
            "preload": True,
            **settings,
        }
        self.out, self.err = self._pipe(), self._pipe()
        self.env: dict[str, str] = {}
        self.interpreter = sys.executable
        self._processes: list[subprocess.Popen[bytes]] = []
        self._workers: list[Worker] = []
        self._listeners: list[socket.socket] = []
        self._template: socket.socket | None = None

    def __enter__(self) -> "FakeDaemon":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._workers:
            worker.kill()
            worker.exit_code()
            worker.control.close()
        for process in self._processes:
            if process.poll() is None and process.pid not in [worker.pid for worker in self._workers]:
                process.kill()
                process.wait()
        for listener in self._listeners:
            listener.close()
        if self._template is not None:
            self._template.close()
        self._at_the_end.close()

    def write(self, name: str, text: str) -> None:
        """Write a file of the user's app."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def listener(self, path: Path | None = None) -> socket.socket:
        """A listening socket, on a free port or at `path`."""
        if path is None:
            listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        else:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(512)
        self._listeners.append(listener)
        return listener

    def load(self, target: str, **settings: object) -> Fields:
        """Start a template and let it load `target`; its answer."""
        self.begin_to_load(target, **settings)
        return self.hear_template()

    def begin_to_load(self, target: str, **settings: object) -> None:
        """Start a template and tell it to load `target`."""
        self.template = self._start("template", target, self.out, self.err)
        self.tell_template({"type": "load", "target": target, **self.settings, **settings})

    def tell_template(self, fields: Fields, *fds: int) -> None:
        """Send the template a message."""
        assert self._template is not None
        send_with_fds(self._template, json.dumps(fields).encode(), fds)

    def hear_template(self) -> Fields:
        """Wait for the template's next message."""
        assert self._template is not None
        assert _is_readable(self._template, PATIENCE), f"nothing heard; stderr: {self.err.text}"
        answer: Fields = json.loads(recv_with_fds(self._template, 65536, 0)[0] or b'{"type": "gone"}')
        return answer

    def hang_up(self) -> None:
        """Close our side of the template's control socket."""
        assert self._template is not None
        self._template.close()

    def fork(self, *listeners: socket.socket, slot: int = 0, env: dict[str, str] | None = None) -> Worker:
        """Let the template fork a worker."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        out, err = self._pipe(), self._pipe()
        token = f"web-{slot}@1"
        fds = [out.writer, err.writer, theirs.fileno(), *(listener.fileno() for listener in listeners)]
        place = {"token": token, "slot": slot, "generation": 1}
        self.tell_template({"type": "fork", "env": env or {}, **place}, *fds)
        answer = self.hear_template()
        theirs.close()
        assert answer["type"] == "forked", answer
        assert answer["token"] == token
        return self._remember(Worker(answer["pid"], ours, out, err))

    def start_cold(self, target: str, *listeners: socket.socket, **settings: object) -> Worker:
        """Start a worker that is not forked."""
        out, err = self._pipe(), self._pipe()
        process = self._start("worker", target, out, err)
        assert self._template is not None
        control, self._template = self._template, None
        place = {"token": "web-0@1", "slot": 0, "generation": 1}
        fields = {"type": "serve", "target": target, **self.settings, **settings, **place}
        send_with_fds(control, json.dumps(fields).encode(), [listener.fileno() for listener in listeners])
        return self._remember(Worker(process.pid, control, out, err))

    def start_abandoned(self, target: str) -> subprocess.Popen[bytes]:
        """Start a worker that is never told what to do."""
        process = self._start("worker", target, self.out, self.err)
        self.hang_up()
        return process

    def worker(self, target: str, *listeners: socket.socket, **settings: object) -> Worker:
        """Load `target` and fork a worker that accepts."""
        answer = self.load(target, **settings)
        assert answer["type"] == "imported", (answer, self.err.text)
        worker = self.fork(*listeners)
        worker.serve()
        return worker

    def _pipe(self) -> Pipe:
        pipe = Pipe()
        self._at_the_end.callback(pipe.close)
        return pipe

    def _remember(self, worker: Worker) -> Worker:
        self._workers.append(worker)
        return worker

    def _start(self, role: str, target: str, out: Pipe, err: Pipe) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        env = {"PATH": os.environ["PATH"], "MAINSTAY_CONTROL_FD": str(theirs.fileno()), **self.env}
        process = subprocess.Popen(
            [self.interpreter, str(BOOT), role, target],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out.writer,
            stderr=err.writer,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._template = ours
        self._processes.append(process)
        return process


def connect(listener: socket.socket) -> socket.socket:
    """A connection to `listener`."""
    client = socket.socket(listener.family, socket.SOCK_STREAM)
    client.settimeout(PATIENCE)
    client.connect(listener.getsockname())
    return client


def get(client: socket.socket, path: str = "/", *headers: str) -> None:
    """Send a GET request."""
    lines = [f"GET {path} HTTP/1.1", "Host: test", *headers]
    client.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())


def answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one response with a Content-Length or chunks: status, headers in lower case, body."""
    file = client.makefile("rb")
    status_line = file.readline()
    if not status_line:
        raise ConnectionError("closed before the response")
    headers: dict[str, str] = {}
    for line in iter(file.readline, b"\r\n"):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(file.readline(), 16):
            body += file.read(size)
            file.readline()
        file.readline()
    else:
        body = file.read(int(headers.get("content-length", "0")))
    return int(status_line.split()[1]), headers, body


def ask(client: socket.socket, path: str = "/", *headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a GET request and read the response."""
    get(client, path, *headers)
    return answer(client)


def is_closed(client: socket.socket) -> bool:
    """Whether the other side has closed the connection, without waiting."""
    if not _is_readable(client, 0):
        return False
    return client.recv(1, socket.MSG_PEEK) == b""


def seconds_until(condition: Any, timeout: float = PATIENCE) -> float:
    """How long it took until `condition` held; Any: anything `until` takes."""
    start = time.monotonic()
    until(condition, timeout)
    return time.monotonic() - start
