"""Real processes for the tests of this folder, ended for sure when the test is over."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import mainstay


@contextmanager
def python(code: str, *args: str, session: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Run Python code with text pipes on stdin and stdout; killed and reaped at the end."""
    source = os.path.dirname(os.path.dirname(mainstay.__file__))
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
        start_new_session=session,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: "subprocess.Popen[str]") -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def forked(code: int = 0, signum: int = 0) -> Iterator[int]:
    """A child of ours that has just ended so and is not reaped yet."""
    pid = os.fork()
    if pid == 0:
        try:
            if signum:
                os.kill(os.getpid(), signum)
        finally:
            os._exit(code)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    try:
        yield pid
    finally:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


@contextmanager
def sleeper(*, session: bool = False) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that does nothing for long."""
    process = subprocess.Popen(["sleep", "1000"], start_new_session=session)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
