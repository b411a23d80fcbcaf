"""Commands that stay in the foreground, as the first process of a PID namespace too; their output in files."""

import os
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from mainstay.sys import procfs
from tests.end_to_end.site import ASGI, COMMAND, Site
from tests.waiting import until

AS_INIT = ("unshare", "--fork", "--pid", "--mount-proc", "--kill-child")


SLOW = ASGI.replace(
    "    body = f",
    "    if scope['path'] == '/slow':\n        print('slow begins', flush=True)\n"
    "        import asyncio; await asyncio.sleep(1.5)\n    print('asked for', scope['path'])\n    body = f",
)
"""An app that takes its time for /slow."""


def why_not_as_init() -> str:
    """Why a test may have no PID namespace here; empty where it may."""
    try:
        done = subprocess.run([*AS_INIT, "true"], capture_output=True, text=True, timeout=30)
    except OSError as error:
        return f"no PID namespace: {error}"
    return f"no PID namespace: {done.stderr.strip()}" if done.returncode else ""


class Foreground:
    """A command that runs; use it as a context manager. `pid` is its own, also where it is 1 for itself."""

    def __init__(self, site: Site, *argv: str, as_init: bool = False, environ: Mapping[str, str] | None = None) -> None:
        self._out = site.folder / f"{argv[0]}.stdout"
        self._err = site.folder / f"{argv[0]}.stderr"
        wrapper = AS_INIT if as_init else ()
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*wrapper, *COMMAND, *argv],
                cwd=site.folder,
                env=site.environment() if environ is None else dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self.pid = self.process.pid
        if as_init:
            (self.pid,) = until(lambda: procfs.children(self.process.pid))

    def __enter__(self) -> "Foreground":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    @property
    def out(self) -> str:
        """What it wrote to stdout so far."""
        return _text(self._out)

    @property
    def err(self) -> str:
        """What it wrote to stderr so far."""
        return _text(self._err)

    def until_out(self, text: str) -> None:
        """Wait until it wrote this to stdout."""
        self._until(lambda: text in self.out, text)

    def until_err(self, text: str) -> None:
        """Wait until it wrote this to stderr."""
        self._until(lambda: text in self.err, text)

    def _until(self, condition: Callable[[], bool], text: str) -> None:
        with suppress(AssertionError):
            until(lambda: condition() or self.process.poll() is not None, 60)
        assert condition(), f"{text!r} not in {self.out!r} {self.err!r}"

    def signal(self, number: int) -> None:
        """Send a signal to it alone."""
        os.kill(self.pid, number)

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        code: int = self.process.wait(60)
        return code


def _text(path: Path) -> str:
    return path.read_text(errors="replace")


class Answer:
    """A request that is on its way."""

    def __init__(self, port: int, path: str) -> None:
        self.body = ""
        self._thread = threading.Thread(target=self._get, args=(port, path))
        self._thread.start()

    def _get(self, port: int, path: str) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            self.body = answer.read().decode()

    def wait(self) -> str:
        """Its body, once it is complete."""
        self._thread.join(60)
        return self.body
