"""Many small apps under one daemon, PM2's or ours: started from a file, listed, restarted, stopped."""

import json
import shutil
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path

from benchmarks.contender import CannotServe
from benchmarks.ours import Home
from benchmarks.peers import Pm2Home
from benchmarks.processes import Outcome, alive, command_line, tree

SLEEP = shutil.which("sleep") or "/bin/sleep"
SECONDS = "100000"


class Fleet(ABC):
    """A daemon with some `sleep` apps; a context manager that ends everything."""

    name: str
    ours: bool

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fleet-"))

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_daemon()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sleepers(self) -> list[int]:
        """The apps that run now."""
        return [pid for pid in tree(*self.daemon_pids()) if command_line(pid)[1:] == [SECONDS] and alive(pid)]

    @abstractmethod
    def write_file(self, apps: int) -> None:
        """Declare that many apps in the tool's own kind of file."""

    @abstractmethod
    def command(self, *arguments: str) -> Outcome:
        """Run one command of the tool to its end."""

    @abstractmethod
    def start_arguments(self) -> tuple[str, ...]:
        """The command that starts the file."""

    @abstractmethod
    def daemon_pids(self) -> list[int]:
        """Whatever of the tool itself stays in memory."""

    @abstractmethod
    def stop_daemon(self) -> None:
        """End everything."""

    def start(self) -> Outcome:
        """Start all apps of the file."""
        return self._checked(self.command(*self.start_arguments()))

    def list_apps(self) -> Outcome:
        """List all apps for a person."""
        return self._checked(self.command("list"))

    def restart(self) -> Outcome:
        """Restart all apps."""
        return self._checked(self.command("restart", "all"))

    def stop(self) -> Outcome:
        """Stop all apps; the daemon stays."""
        return self._checked(self.command("stop", "all"))

    def _checked(self, outcome: Outcome) -> Outcome:
        if outcome.code:
            raise CannotServe(f"exit code {outcome.code}: {outcome.output[-2000:]}")
        return outcome


class Pm2Fleet(Fleet):
    """PM2."""

    name = "PM2"
    ours = False

    def __init__(self) -> None:
        super().__init__()
        self._home = Pm2Home()

    def write_file(self, apps: int) -> None:
        """An ecosystem file, as JSON."""
        declared = [
            {"name": f"s{number}", "script": SLEEP, "args": SECONDS, "interpreter": "none"} for number in range(apps)
        ]
        (self.folder / "ecosystem.json").write_text(json.dumps({"apps": declared}))

    def start_arguments(self) -> tuple[str, ...]:
        """`pm2 start ecosystem.json`; without apps just the daemon."""
        return ("start", "ecosystem.json") if (self.folder / "ecosystem.json").exists() else ("list",)

    def command(self, *arguments: str) -> Outcome:
        """Run `pm2`."""
        return self._home.command(arguments, self.folder)

    def daemon_pids(self) -> list[int]:
        """The God daemon."""
        return [pid for pid in (self._home.daemon,) if pid]

    def stop_daemon(self) -> None:
        """`pm2 kill`."""
        self._home.stop()


class MainstayFleet(Fleet):
    """mainstay."""

    name = "mainstay"
    ours = True

    def __init__(self) -> None:
        super().__init__()
        self._home = Home()

    def write_file(self, apps: int) -> None:
        """A mainstay.toml."""
        declared = [f'[apps.s{number}]\ncommand = ["sleep", "{SECONDS}"]\n' for number in range(apps)]
        (self.folder / "mainstay.toml").write_text("\n".join(declared))

    def start_arguments(self) -> tuple[str, ...]:
        """`mainstay start`."""
        return ("start",)

    def command(self, *arguments: str) -> Outcome:
        """Run `mainstay`."""
        return self._home.command(arguments, self.folder)

    def daemon_pids(self) -> list[int]:
        """The daemon and the guardian."""
        return self._home.managers()

    def stop_daemon(self) -> None:
        """`mainstay kill`."""
        self._home.stop()
