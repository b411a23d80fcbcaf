"""`mainstay run` on a terminal: what the keys for signals do, and job control, are the command's own."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.running import environment
from tests.waiting import until

MODULE = [sys.executable, "-m", "mainstay"]


class Typed:
    """A shell's command line in a terminal of its own, with what is typed into it."""

    def __init__(self, home: Path, *line: str) -> None:
        self._master, slave = pty.openpty()
        os.set_blocking(self._master, False)
        self._seen = b""
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *line], env=environment(home), stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def __enter__(self) -> "Typed":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._master)  # the terminal hangs up, and all that is left ends
        self.process.kill()
        self.process.wait()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def until_seen(self, text: str) -> str:
        """Wait for a text; everything so far."""
        return until(
            lambda: (seen := self._read()) if text in self._read() else "", what=f"{text!r} in {self._read()!r}"
        )

    def _read(self) -> str:
        try:
            while data := os.read(self._master, 65536):
                self._seen += data
        except OSError:  # nothing more for now, or nobody has the other side open
            pass
        return self._seen.decode(errors="replace")


COUNTS = (
    "import signal; only = {signal.SIGINT}; signal.pthread_sigmask(signal.SIG_BLOCK, only); print('ready', flush=True);"
    "signal.sigwait(only); print('caught', flush=True); print(input(), 'and', signal.sigpending(), flush=True)"
)
"""Blocked and waited for, so that none is missed; a second one would be pending."""


def test_ctrl_c_reaches_the_command_once(home: Path) -> None:
    with Typed(home, *MODULE, "run", "A=1", sys.executable, "-c", COUNTS) as terminal:
        terminal.until_seen("ready")
        terminal.type(b"\x03")
        terminal.until_seen("caught")
        terminal.type(b"end\n")
        seen = terminal.until_seen("()")
        code = terminal.process.wait(60)

    assert (seen.count("caught"), code) == (1, 0)
    assert "end and set()" in seen


def test_ctrl_c_ends_the_command_and_the_caller_knows_it(home: Path) -> None:
    with Typed(home, *MODULE, "run", "A=1", "sh", "-c", "echo ready; read line") as terminal:
        terminal.until_seen("ready")
        terminal.type(b"\x03")
        code = terminal.process.wait(60)

    assert code == -signal.SIGINT


def test_ctrl_z_stops_the_command_and_it_goes_on_in_the_foreground(home: Path) -> None:
    command = 'sh -c "echo ready; read line; echo line \\$line"'
    line = f"{sys.executable} -m mainstay run {command}; echo stopped $?; fg; echo $?."
    with Typed(home, "bash", "--norc", "-m", "-c", line) as terminal:
        terminal.until_seen("ready")
        terminal.type(b"\x1a")
        terminal.until_seen(f"stopped {128 + signal.SIGTSTP}")
        terminal.type(b"on\n")
        seen = terminal.until_seen("0.")

    assert "line on" in seen
