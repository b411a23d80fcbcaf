"""What cross-env does with its child, and ours the same. The child tells on its stdout when it is ready."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mainstay.cli.chainload.child import PASSED_ON
from tests.cli.chainload.executing import ignored
from tests.cli.running import SOURCE

CODE = f"""
import os, signal, sys
sys.path.insert(0, {SOURCE!r})
from mainstay.cli.chainload.child import ran
from mainstay.cli.chainload.execute import NotRun
try:
    status = ran(sys.argv[1:], os.environ)
except NotRun as error:
    print(error.message, error.hint, sep="|")
    sys.exit(1)
print("status", status)
"""


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    """The program with a child, in pipes."""
    line = [sys.executable, "-c", CODE, *words]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(*words: str) -> list[str]:
    """All that is written, by lines."""
    with running(*words) as process:
        return process.communicate(timeout=60)[0].splitlines()


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9), ("kill -2 $$", -2)])
def test_its_end_is_told(script: str, status: int) -> None:
    assert said("sh", "-c", script) == [f"status {status}"]


@pytest.mark.parametrize("number", PASSED_ON)
def test_a_signal_is_passed_on(number: signal.Signals) -> None:
    with running("sh", "-c", "echo ready; read line") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out = process.stdout.read()

    assert out == f"status -{number.value}\n"


def test_a_child_that_goes_on_after_a_signal_is_waited_for() -> None:
    code = (
        "import signal, sys; only = {signal.SIGTERM}; signal.pthread_sigmask(signal.SIG_BLOCK, only);"
        "print('ready', flush=True); signal.sigwait(only); print('caught', flush=True);"
        "sys.exit(int(sys.stdin.readline()))"
    )
    with running(sys.executable, "-c", code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "caught\n"
        out, _ = process.communicate("5\n", timeout=60)

    assert out == "status 5\n"


def test_the_child_has_no_signal_ignored() -> None:
    assert ignored(said("grep", "SigIgn", "/proc/self/status")[0]) == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such-tool"], "cannot run no-such-tool: no folder of PATH has it|"),
        (["/"], "cannot run /: it is a folder|"),
    ],
)
def test_what_cannot_be_run_is_told(words: list[str], message: str) -> None:
    assert said(*words) == [message]
