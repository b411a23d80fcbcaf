"""The contract between the benchmarks and who is measured: serve an app, reload it, say which processes, stop."""

import json
import os
import random
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.http import Incomplete, parse_response
from benchmarks.processes import Outcome, TooSlow, until

APPS = Path(__file__).parent / "apps"
# Below Linux's ephemeral ports: while nobody listens, a client must not connect to itself.
PORTS = range(20000, 30000)
START_TIMEOUT = 60.0


class Kind(Enum):
    """What an app is to a server."""

    ASGI = "asgi"
    WSGI = "wsgi"
    NODE = "node"


class App(Enum):
    """An app to be served; the value is its file in benchmarks/apps."""

    BARE = "bare_asgi.py"
    JSON = "fastapi_json.py"
    DATABASE = "fastapi_sqlalchemy.py"
    FLASK = "flask_wsgi.py"
    HELLO = "hello.js"

    @property
    def kind(self) -> Kind:
        """The interface it speaks."""
        if self is App.HELLO:
            return Kind.NODE
        return Kind.WSGI if self is App.FLASK else Kind.ASGI


@dataclass(frozen=True, slots=True)
class Site:
    """A copy of an app in its own folder, with the port and the number of workers it is to be served by."""

    app: App
    folder: Path
    port: int
    workers: int

    @property
    def file(self) -> Path:
        """The app's source, as the server will load it."""
        return self.folder / ("server.js" if self.app.kind is Kind.NODE else "app.py")

    def release(self, source: str, version: str = "good") -> None:
        """Put another file of benchmarks/apps in the app's place, in one step; a good one says it is `version`."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text((APPS / source).read_text().replace('"good"', f'"{version}"'))
        os.replace(fresh, self.file)


class Started(Protocol):
    """A server that serves a site."""

    def pids(self) -> list[int]:
        """Every process of it: whatever manages, whatever serves; those of a manager that died as well."""

    def stop(self) -> None:
        """End every process of it; never raises."""


class Running(Started, Protocol):
    """A server that can load new code."""

    def reload(self) -> Outcome | None:
        """Load the site's code again; None where the only way is a signal that tells nothing."""


class Managed(Started, Protocol):
    """A server whose manager is one process, and may have a list of its workers."""

    def manager(self) -> int:
        """The pid of the process that starts and replaces the others."""

    def online(self) -> list[int] | None:
        """The workers that the tool's own list shows as running; None where it has no list."""


class Named(Protocol):
    """Somebody who is measured."""

    @property
    def name(self) -> str:
        """As it stands in the tables."""

    @property
    def ours(self) -> bool:
        """Whether it is mainstay."""


S = TypeVar("S", bound=Started)
S_co = TypeVar("S_co", bound=Started, covariant=True)


class Serves(Named, Protocol[S_co]):
    """Somebody who can serve apps."""

    def serve(self, site: Site) -> S_co:
        """Start serving; need not wait until it answers."""


Contender = Serves[Running]


class CannotServe(Exception):
    """A contender did not get the app to answer; the message carries what it printed."""


@contextmanager
def staged(app: App, workers: int) -> Iterator[Site]:
    """A fresh folder with a copy of the app, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        site = Site(app, folder, free_port(), workers)
        site.release(app.value)
        yield site
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(contender: Serves[S], app: App, workers: int) -> Iterator[tuple[Site, S]]:
    """Serve an app until the block ends; entered when it answers. Raises CannotServe."""
    with staged(app, workers) as site:
        running = contender.serve(site)
        try:
            try:
                until(lambda: whoami(site.port) is not None, START_TIMEOUT, f"{contender.name} to answer")
            except TooSlow as error:
                log = site.folder / "server.log"
                said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
                raise CannotServe(f"{error}\n{said}") from None
            yield site, running
        finally:
            running.stop()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process answered, and which release it runs."""

    pid: int
    version: str


def get(port: int, path: str, timeout: float = 10.0) -> bytes | None:
    """The body of a 200 over one fresh connection; None for anything else."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    data = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.sendall(request)
            while True:
                piece = connection.recv(65536)
                data += piece
                try:
                    parsed = parse_response(data, ended=not piece)
                except Incomplete:
                    if not piece:
                        return None
                    continue
                return parsed.body if parsed.status == 200 else None
    except (OSError, ValueError):
        return None


def whoami(port: int, timeout: float = 10.0) -> Identity | None:
    """Ask the app who answers, over one fresh connection."""
    body = get(port, "/whoami", timeout)
    if body is None:
        return None
    answer = json.loads(body)
    return Identity(answer["pid"], answer["version"])


def whoever(port: int, workers: int, patience: float = 30.0) -> set[int]:
    """Ask until that many processes have answered. Raises CannotServe when they do not."""
    found: set[int] = set()
    deadline = time.monotonic() + patience
    while len(found) < workers:
        who = whoami(port)
        if who is not None:
            found.add(who.pid)
        if time.monotonic() > deadline:
            raise CannotServe("not all workers answer")
    return found


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)
