"""Packages of npm that ours are compared with: each is installed once for all runs of the tests, and asked in Node."""

import fcntl
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from tests.servers.account import program


def installed(package: str) -> Path:
    """The folder in which `name@version` is, made where it is missing; the test is skipped where npm gets nothing."""
    npm = program("npm")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "mainstay-tests" / package.replace("@", "-")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # several runs of the tests may come at one time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(npm, folder, package)
            (folder / "complete").touch()
    return folder


def _install(npm: str, folder: Path, package: str) -> None:
    argv = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), package]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150)
    if done.returncode:
        pytest.skip(f"npm cannot install {package}: {done.stderr.strip()[:500]}")


class Original:
    """A Node process with a package in it, for thousands of questions. Use as a context manager."""

    def __init__(self, package: str, *argv: str, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [program("node"), *argv],
            cwd=installed(package),
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def answer(self, question: object) -> Any:
        """What it answers: a line of JSON to a line of JSON, each as its script has it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
