"""mainstay, driven only through its command line, as a user would."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import CannotServe, Kind, Site
from benchmarks.environment import base_environment, mainstay_binary
from benchmarks.processes import Outcome, carrying, command_line, end, run, tree


class Home:
    """A private mainstay: its own MAINSTAY_HOME, its own daemon."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="ms-"))
        self.environment = {**base_environment(), "MAINSTAY_HOME": str(self.path)}

    def command(self, arguments: Sequence[str], cwd: Path, **environment: str) -> Outcome:
        """Run one `mainstay` command to its end."""
        binary = mainstay_binary()
        if binary is None:
            raise CannotServe("there is no mainstay command")
        return run([str(binary), *arguments], env={**self.environment, **environment}, cwd=cwd)

    def pids(self) -> list[int]:
        """Every process that belongs to this home."""
        return tree(*carrying("MAINSTAY_HOME", str(self.path)))

    def managers(self) -> list[int]:
        """Those that are neither an app nor a template: the daemon and the guardian."""
        return [pid for pid in self.pids() if _is_manager(command_line(pid))]

    def rows(self) -> list[dict[str, object]]:
        """What `mainstay list --json` says; empty when it fails."""
        outcome = self.command(["list", "--json"], self.path)
        return json.loads(outcome.output) if outcome.code == 0 else []

    def stop(self) -> None:
        """End everything and remove the home."""
        if self.pids():
            self.command(["kill"], self.path)
        end(self.pids(), patience=3.0)
        shutil.rmtree(self.path, ignore_errors=True)


def _is_manager(arguments: Sequence[str]) -> bool:
    text = " ".join(arguments)
    return "mainstay" in text and "runtime/boot.py" not in text


@dataclass(frozen=True, slots=True)
class Mainstay:
    """mainstay with one of its engines."""

    engine: str = "uvicorn"
    start_timeout: str = "30s"
    ours: bool = True

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        return "mainstay" if self.engine == "uvicorn" else f"mainstay, {self.engine} engine"

    def serve(self, site: Site) -> "RunningMainstay":
        """`mainstay start` with a file that says the same as the flags."""
        home = Home()
        (site.folder / "mainstay.toml").write_text(self._file(site))
        try:
            outcome = home.command(["start"], site.folder)
        except BaseException:
            home.stop()
            raise
        if outcome.code:
            home.stop()
            raise CannotServe(f"mainstay start: {outcome.output}")
        return RunningMainstay(home, site)

    def _file(self, site: Site) -> str:
        target = 'script = "server.js"' if site.app.kind is Kind.NODE else f'app = "app:app"\nengine = "{self.engine}"'
        bind = f'bind = "127.0.0.1:{site.port}"\n'
        if site.app.kind is Kind.NODE:
            bind += f'env = {{ PORT = "{site.port}" }}\n'
        return f'[apps.app]\n{target}\n{bind}instances = {site.workers}\nstart_timeout = "{self.start_timeout}"\n'


class RunningMainstay:
    """One app under a private mainstay."""

    def __init__(self, home: Home, site: Site) -> None:
        self._home = home
        self._site = site

    def reload(self) -> Outcome | None:
        """`mainstay reload app`, as its user types it."""
        return self._home.command(["reload", "app"], self._site.folder)

    def pids(self) -> list[int]:
        """The guardian, the daemon, the template and the workers."""
        return self._home.pids()

    def manager(self) -> int:
        """The daemon, as `mainstay ping` knows it."""
        pid = json.loads(self._home.command(["ping", "--json"], self._site.folder).output)["pid"]
        return int(pid)

    def online(self) -> list[int]:
        """What `mainstay list` shows as online."""
        return [int(str(row["pid"])) for row in self._home.rows() if row["status"] == "online"]

    def stop(self) -> None:
        """End everything."""
        self._home.stop()


def available() -> bool:
    """Whether there is a mainstay command that runs."""
    binary = mainstay_binary()
    return binary is not None and run([str(binary), "--help"], env=base_environment(), cwd=Path("/tmp")).code == 0
