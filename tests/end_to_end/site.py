"""A person with an app, a home and the `mainstay` command."""

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import until

ROOT = Path(__file__).parents[2]
COMMAND = [os.environ["MAINSTAY_BIN"]] if os.environ.get("MAINSTAY_BIN") else [sys.executable, "-m", "mainstay"]

# Any: a row is what `list --json` prints; each test looks at the keys it means.
Row = dict[str, Any]

ASGI = """
import os
GREETING = "one"
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = f"{GREETING} {os.getpid()} {os.environ.get('MAINSTAY_INSTANCE')} {os.environ.get('APP_ENV')}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
def create():
    return app
"""

WSGI = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"wsgi {os.getpid()}".encode()]
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything it printed."""
        return self.out + self.err


class Site:
    """A folder of apps and a home."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.folder = folder

    def environment(self, **more: str) -> dict[str, str]:
        """What a login shell has, and no more."""
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", "USER": "tester"}
        base |= {"MAINSTAY_HOME": str(self.home), "VIRTUAL_ENV": sys.prefix}
        if not os.environ.get("MAINSTAY_BIN"):
            base["PYTHONPATH"] = str(ROOT / "src")
        return base | more

    def start_command(self, *argv: str, **more: str) -> "subprocess.Popen[str]":
        """The command, not waited for."""
        return subprocess.Popen(
            [*COMMAND, *argv],
            cwd=self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *argv: str, **more: str) -> Ran:
        """The command, as typed in the folder."""
        process = self.start_command(*argv, **more)
        out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out, err)

    def ok(self, *argv: str, **more: str) -> Ran:
        """The command, which must succeed."""
        ran = self.run(*argv, **more)
        assert ran.code == 0, ran.said
        return ran

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        # Python takes cached bytecode for a file of the same size and second: as with a deploy, drop it.
        for cached in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            cached.unlink()
        return path

    def rows(self, app: str = "") -> list[Row]:
        """What `list --json` prints, of one app."""
        rows: list[Row] = json.loads(self.ok("list", "--json").out)
        return [row for row in rows if app in ("", row["app"])]

    def pids(self, app: str) -> list[int]:
        """The pids of an app's workers."""
        return [row["pid"] for row in self.rows(app) if row["pid"]]

    def describe(self, app: str) -> Row:
        """What `describe --json` prints of an app."""
        (found,) = json.loads(self.ok("describe", app, "--json").out)
        described: Row = found
        return described

    def daemon_pid(self) -> int | None:
        """The daemon's pid, None when none runs."""
        ran = self.run("ping", "--json")
        return int(json.loads(ran.out)["pid"]) if ran.code == 0 else None

    def until_status(self, app: str, status: str, timeout: float = 60) -> list[Row]:
        """Wait until every slot of an app has this status."""
        until(lambda: {row["status"] for row in self.rows(app)} == {status}, timeout, f"{app} is {status}")
        return self.rows(app)


def get(port: int, path: str = "/", timeout: float = 30) -> str:
    """The body of an answer; a new connection each time."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
        body: bytes = answer.read()
    return body.decode()


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
