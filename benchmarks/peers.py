"""The peers: how each is started, reloaded and stopped, as its own documentation says, with its defaults otherwise."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import CannotServe, Kind, Site, Started
from benchmarks.environment import BIN, PM2, base_environment
from benchmarks.processes import Outcome, carrying, end, run, spawn, tree, working_in

Arguments = Callable[[Site], list[str]]
Listing = Callable[[], list[int]]


@dataclass(frozen=True, slots=True)
class Server:
    """A Python server with a master process that reloads on SIGHUP and answers nothing."""

    name: str
    arguments: Arguments
    ours: bool = False

    def serve(self, site: Site) -> "RunningServer":
        """Start the master."""
        return RunningServer(self.arguments(site), site.folder)


class RunningServer:
    """A program of the bench environment and its workers; `listing` asks its own list, where it has one."""

    def __init__(self, arguments: Sequence[str], folder: Path, listing: Listing | None = None) -> None:
        program, *rest = arguments
        self._folder = folder
        self._listing = listing
        self._master = spawn([str(BIN / program), *rest], env=base_environment(), cwd=folder)

    def reload(self) -> Outcome | None:
        """Send SIGHUP; there is nothing to wait for."""
        self._master.send_signal(signal.SIGHUP)
        return None

    def pids(self) -> list[int]:
        """The master, its workers, and everything under them."""
        return tree(*working_in(self._folder))

    def manager(self) -> int:
        """The master."""
        return self._master.pid

    def online(self) -> list[int] | None:
        """Asks the list."""
        return self._listing() if self._listing else None

    def stop(self) -> None:
        """End the master, then whatever is left of its workers."""
        members = self.pids()
        self._master.terminate()
        try:
            self._master.wait(8.0)
        except subprocess.TimeoutExpired:
            self._master.kill()
            self._master.wait()
        end(members, patience=2.0)


def _address(site: Site) -> str:
    return f"127.0.0.1:{site.port}"


def _uvicorn(site: Site) -> list[str]:
    fixed = ["uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(site.port)]
    return [*fixed, "--workers", str(site.workers), "--no-access-log", "--log-level", "warning"]


def _gunicorn(*options: str) -> Arguments:
    def arguments(site: Site) -> list[str]:
        fixed = ["gunicorn", "app:app", "-b", _address(site), "-w", str(site.workers), "--log-level", "warning"]
        return [*fixed, *options]

    return arguments


def _granian(site: Site) -> list[str]:
    fixed = ["granian", "app:app", "--interface", site.app.kind.value, "--host", "127.0.0.1", "--port", str(site.port)]
    return [*fixed, "--workers", str(site.workers), "--log-level", "warning", "--respawn-failed-workers"]


UVICORN = Server("uvicorn --workers", _uvicorn)
GUNICORN = Server("gunicorn + uvicorn-worker", _gunicorn("-k", "uvicorn_worker.UvicornWorker"))
GUNICORN_PRELOAD = Server(
    "gunicorn + uvicorn-worker --preload", _gunicorn("-k", "uvicorn_worker.UvicornWorker", "--preload")
)
GUNICORN_ASGI = Server("gunicorn asgi worker", _gunicorn("-k", "asgi"))
GUNICORN_WSGI = Server("gunicorn gthread", _gunicorn("-k", "gthread", "--threads", "8"))
GRANIAN = Server("granian", _granian)


class Pm2Home:
    """A private PM2: its own home, its own daemon. It is kept from looking for updates on the network."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="pm2-"))
        # PM2 asks its maker's server for updates on the first command in a home without this file.
        (self.path / "touch").write_text("")
        self.environment = {
            **base_environment(),
            "PM2_HOME": str(self.path),
            "PM2_DISABLE_VERSION_CHECK": "true",
            "PM2_DISCRETE_MODE": "true",
        }

    def command(self, arguments: Sequence[str], cwd: Path, **environment: str) -> Outcome:
        """Run one `pm2` command to its end."""
        return run([str(PM2), *arguments], env={**self.environment, **environment}, cwd=cwd)

    @property
    def daemon(self) -> int:
        """The daemon's pid; 0 when there is none."""
        try:
            return int((self.path / "pm2.pid").read_text())
        except (OSError, ValueError):
            return 0

    def pids(self) -> list[int]:
        """The daemon and the apps."""
        return tree(*carrying("PM2_HOME", str(self.path)))

    def stop(self) -> None:
        """End everything and remove the home."""
        members = self.pids()
        if members:
            self.command(["kill"], self.path)
            end(members, patience=3.0)
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Pm2:
    """PM2: Node apps in cluster mode, Python apps as one uvicorn process, which is how its users run them."""

    name: str = "PM2"
    ours: bool = False

    def serve(self, site: Site) -> "RunningPm2":
        """Start the daemon and the app."""
        home = Pm2Home()
        if site.app.kind is Kind.NODE:
            arguments = ["start", "server.js", "-i", str(site.workers), "--name", "app"]
        else:
            server = ["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(site.port)]
            arguments = ["start", str(BIN / "python"), "--name", "app", "--interpreter", "none", "--"]
            arguments += [*server, "--no-access-log", "--log-level", "warning"]
        try:
            outcome = home.command(arguments, site.folder, PORT=str(site.port))
        except BaseException:
            home.stop()
            raise
        if outcome.code:
            home.stop()
            raise CannotServe(f"pm2 start: {outcome.output}")
        return RunningPm2(home, site)


class RunningPm2:
    """One app under a private PM2."""

    def __init__(self, home: Pm2Home, site: Site) -> None:
        self._home = home
        self._site = site

    def reload(self) -> Outcome | None:
        """`pm2 reload all`, as its user types it."""
        return self._home.command(["reload", "all"], self._site.folder)

    def pids(self) -> list[int]:
        """The daemon and the app."""
        return self._home.pids()

    def manager(self) -> int:
        """The God daemon."""
        return self._home.daemon

    def online(self) -> list[int]:
        """What `pm2 jlist` shows as online; a new daemon announces itself before the list."""
        said = self._home.command(["jlist"], self._site.folder).output
        return [row["pid"] for row in json.loads(said.splitlines()[-1]) if row["pm2_env"]["status"] == "online"]

    def stop(self) -> None:
        """End the app and the daemon."""
        self._home.stop()


PM2_CONTENDER = Pm2()


def kill(pid: int, running: Started) -> None:
    """kill -9 of one process of a server; a pid that is not its own is refused, whoever answered with it."""
    if pid not in running.pids():
        raise CannotServe(f"process {pid} is not one of the server's")
    os.kill(pid, signal.SIGKILL)
