"""Under real servers: one request is one line, whatever it sends, and a server that is stopped loses none."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.process import free_port, listens_on
from tests.waiting import until
from tests.web.accesslog.fuzzing import ANSWERED, ASGI, WSGI, ask, shoot, what_is_wrong
from tests.web.accesslog.programs import ROOT

SERVERS = {
    "uvicorn h11": (ASGI, ["uvicorn", "main:app", "--http", "h11", "--no-access-log", "--port", "{port}"]),
    "uvicorn httptools": (ASGI, ["uvicorn", "main:app", "--http", "httptools", "--no-access-log", "--port", "{port}"]),
    "hypercorn": (ASGI, ["hypercorn", "main:app", "-b", "127.0.0.1:{port}"]),
    "granian": (ASGI, ["granian", "--interface", "asgi", "--workers", "2", "--port", "{port}", "main:app"]),
    "granian wsgi": (WSGI, ["granian", "--interface", "wsgi", "--workers", "2", "--port", "{port}", "main:app"]),
    "gunicorn": (WSGI, ["gunicorn", "main:app", "-w", "2", "-b", "127.0.0.1:{port}", "--no-control-socket"]),
    "gunicorn threads": (
        WSGI,
        ["gunicorn", "main:app", "--threads", "4", "--preload", "-b", "127.0.0.1:{port}", "--no-control-socket"],
    ),
}


@contextmanager
def serving(folder: Path, app: str, command: list[str]) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A server of the app `main:app`; its port and its process. What it says goes into the files `out` and `err`."""
    (folder / "main.py").write_text(app)
    port = free_port()
    argv = [part.replace("{port}", str(port)) for part in command]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(folder)])}
    with open(folder / "out", "wb") as out, open(folder / "err", "wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", *argv], cwd=folder, env=environment, stdout=out, stderr=err, start_new_session=True
        )
    try:
        until(lambda: listens_on(port) or process.poll() is not None)
        yield port, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.parametrize("name", SERVERS)
def test_one_request_is_one_line_whatever_it_sends(tmp_path: Path, name: str) -> None:
    with serving(tmp_path, *SERVERS[name]) as (port, process):
        answered = shoot(port)
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    assert answered > 1000
    assert what_is_wrong(tmp_path, answered) == []


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_is_stopped_has_written_the_line_of_its_last_answer(tmp_path: Path, name: str) -> None:
    with serving(tmp_path, *SERVERS[name]) as (port, process):
        for _ in range(20):
            assert ask(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    assert (tmp_path / "combined.log").read_text().count("\n") == 20


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_with_its_own_defaults_is_told_of_when_it_logs_too(tmp_path: Path, name: str) -> None:
    app, command = SERVERS[name]
    command = [part for part in command if part != "--no-access-log"]
    with serving(tmp_path, app, command) as (port, _):
        for _ in range(5):
            ask(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    told = (tmp_path / "err").read_text().count("is on too: each request is logged twice")

    assert told == (1 if "uvicorn" in name else 0)


@pytest.mark.parametrize(
    ("name", "option"),
    [("hypercorn", "--access-logfile=-"), ("granian", "--access-log"), ("gunicorn threads", "--access-logfile=-")],
)
def test_a_server_that_is_asked_to_log_is_told_of(tmp_path: Path, name: str, option: str) -> None:
    app, command = SERVERS[name]
    with serving(tmp_path, app, [*command, option]) as (port, _):
        ask(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert (tmp_path / "err").read_text().count("is on too: each request is logged twice") == 1


def _one_worker(command: list[str]) -> list[str]:
    return ["1" if before == "--workers" else part for before, part in zip(["", *command], command, strict=False)]


# Of granian one worker: one that is asked to stop while it still starts may never do so.
STOPPED = {
    name: (app, _one_worker(command) if "granian" in name else command) for name, (app, command) in SERVERS.items()
} | {
    "uvicorn without lifespan": (ASGI, [*SERVERS["uvicorn h11"][1], "--lifespan", "off"]),
    "uvicorn workers": (ASGI, [*SERVERS["uvicorn h11"][1], "--workers", "2"]),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_server_that_is_stopped_in_full_traffic_has_a_line_of_each_answer(tmp_path: Path, name: str) -> None:
    answered: list[str] = []
    stopping = threading.Event()

    def client(port: int, who: int) -> None:
        for number in itertools.count():
            try:
                answer = ask(port, f"GET /{who}/{number} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            except OSError:
                return
            if ANSWERED in answer.lower():
                answered.append(f"/{who}/{number}")
            elif stopping.is_set():
                return

    with serving(tmp_path, *STOPPED[name]) as (port, process):
        clients = [threading.Thread(target=client, args=(port, who)) for who in range(4)]
        for thread in clients:
            thread.start()
        until(lambda: len(answered) > 300)
        stopping.set()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        for thread in clients:
            thread.join()
    logged = [line.split()[1] for line in (tmp_path / "tiny.log").read_text().splitlines()]

    assert len(logged) == len(set(logged))
    assert set(answered) <= set(logged)
