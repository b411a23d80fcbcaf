"""`mainstay run` on a terminal: what the keys for signals do, and job control, are the command's own."""

import signal
import sys
from pathlib import Path

from tests.cli.running import OnTerminal


class AnyOnTerminal(OnTerminal):
    """Any command line there, also that of a shell."""

    program = ()


COUNTS = (
    "import signal; only = {signal.SIGINT}; signal.pthread_sigmask(signal.SIG_BLOCK, only); print('ready', flush=True);"
    "signal.sigwait(only); print('caught', flush=True); print(input(), 'and', signal.sigpending(), flush=True)"
)
"""Blocked and waited for, so that none is missed; a second one would be pending."""


def test_ctrl_c_reaches_the_command_once(home: Path) -> None:
    with OnTerminal(home, "run", "A=1", sys.executable, "-c", COUNTS) as terminal:
        terminal.until_seen("ready")
        terminal.type(b"\x03")
        terminal.until_seen("caught")
        terminal.type(b"end\n")
        seen = terminal.until_seen("()")
        code = terminal.process.wait(60)

    assert (seen.count("caught"), code) == (1, 0)
    assert "end and set()" in seen


def test_ctrl_c_ends_the_command_and_the_caller_knows_it(home: Path) -> None:
    with OnTerminal(home, "run", "A=1", "sh", "-c", "echo ready; read line") as terminal:
        terminal.until_seen("ready")
        terminal.type(b"\x03")
        code = terminal.process.wait(60)

    assert code == -signal.SIGINT


def test_ctrl_z_stops_the_command_and_it_goes_on_in_the_foreground(home: Path) -> None:
    command = 'sh -c "echo ready; read line; echo line \\$line"'
    line = f"{sys.executable} -m mainstay run {command}; echo stopped $?; fg; echo $?."
    with AnyOnTerminal(home, "bash", "--norc", "-m", "-c", line) as terminal:
        terminal.until_seen("ready")
        terminal.type(b"\x1a")
        terminal.until_seen(f"stopped {128 + signal.SIGTSTP}")
        terminal.type(b"on\n")
        seen = terminal.until_seen("0.")

    assert "line on" in seen
