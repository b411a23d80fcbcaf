"""Running the command as a person or a script does: as a process of its own, in a pipe or on a terminal."""

import errno
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

from tests.waiting import until

SOURCE = str(Path(__file__).parents[2] / "src")
MODULE = (sys.executable, "-m", "mainstay")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command wrote, and its exit code; on a terminal `out` is everything."""

    code: int
    out: str
    err: str = ""


def environment(home: Path, **more: str) -> dict[str, str]:
    """As bare as can be; PATH is kept."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "LANG": "C.UTF-8",
        "PYTHONPATH": SOURCE,
        "MAINSTAY_HOME": str(home),
        "TERM": "xterm-256color",
        **more,
    }


def mainstay(home: Path, *argv: str, cwd: Path | None = None, **more: str) -> Ran:
    """Run it with stdout and stderr in pipes."""
    done = subprocess.run(
        [*MODULE, *argv],
        env=environment(home, **more),
        cwd=cwd,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


class OnTerminal:
    """A command on a terminal of its own, of `columns` by 40: keys that are typed there are signals to it."""

    program: Sequence[str] = MODULE

    def __init__(self, home: Path, *argv: str, columns: int = 100, cwd: Path | None = None, **more: str) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        os.set_blocking(self._master, False)
        self._seen = b""
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *self.program, *argv],
            env=environment(home, **more),
            cwd=cwd,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)

    def __enter__(self) -> "OnTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    @property
    def seen(self) -> str:
        """Everything it wrote so far."""
        try:
            while data := os.read(self._master, 65536):
                self._seen += data
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EIO):  # EIO: nobody has the other side open
                raise
        return self._seen.decode(errors="replace").replace("\r\n", "\n")

    def until_seen(self, text: str) -> str:
        """Wait until it wrote a text; everything so far."""
        until(lambda: text in self.seen, what=f"{text!r} in {self.seen!r}")
        return self.seen

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> Ran:
        """Wait for its end."""
        until(self._gone)
        code = self.process.returncode
        return Ran(code, self.seen)

    def _gone(self) -> bool:
        self.seen  # noqa: B018  # reads, so that the command is not held up by a full terminal
        return self.process.poll() is not None


def on_terminal(home: Path, *argv: str, columns: int = 100, cwd: Path | None = None, **more: str) -> Ran:
    """Run it on a terminal to its end."""
    with OnTerminal(home, *argv, columns=columns, cwd=cwd, **more) as command:
        return command.ended()
