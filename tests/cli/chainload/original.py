"""The real cross-env, installed once for all runs of the tests, and asked what it would spawn."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

VERSION = "10.1.0"
ORACLE = Path(__file__).with_name("cross_env_oracle.mjs")


class NotHere(Exception):
    """It cannot be had on this machine; says why."""


@dataclass(frozen=True, slots=True)
class Spawned:
    """What it starts."""

    command: tuple[str, ...]
    environ: Mapping[str, str]


class Throws(Exception):
    """It ends with an error of its own."""


def installed() -> Path:
    """The folder it is in, made where it is missing. Raises NotHere."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotHere("cross-env needs node and npm")
    folder = _cache() / f"cross-env-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # several runs of the tests may come at one time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(npm, folder)
            (folder / "complete").touch()
    return folder


def program(name: str) -> list[str]:
    """The command line's beginning that runs `cross-env` or `cross-env-shell`."""
    node = shutil.which("node")
    assert node is not None
    return [node, str(installed() / f"node_modules/cross-env/dist/bin/{name}.js")]


class Oracle:
    """A Node process with the original in it, for thousands of questions. Use as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(ORACLE)],
            cwd=installed(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> "Oracle":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def ask(self, words: Sequence[str], environ: Mapping[str, str]) -> Spawned | None:
        """What it spawns; None when it does nothing. Raises Throws."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"words": list(words), "environ": dict(environ)}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if answer is None:
            return None
        if "error" in answer:
            raise Throws(answer["error"])
        return Spawned((answer["command"], *answer["args"]), answer["env"])


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mainstay-tests"


def _install(npm: str, folder: Path) -> None:
    words = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), f"cross-env@{VERSION}"]
    done = subprocess.run([npm, *words], capture_output=True, text=True, timeout=150)
    if done.returncode:
        raise NotHere(f"npm cannot install cross-env: {done.stderr.strip()[:500]}")
