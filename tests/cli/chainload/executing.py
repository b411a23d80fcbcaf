"""Commands run by `execute` in a Python of their own, as it never comes back."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli.running import SOURCE

Environ = Mapping[str, str] | Mapping[bytes, bytes]
CODE = f"""
import sys
sys.path.insert(0, {SOURCE!r})
from mainstay.cli.chainload.execute import NotRun, execute
from mainstay.cli.chainload.inherited import environment
try:
    execute(sys.argv[1:], environment())
except NotRun as error:
    print(error.message, error.hint, sep="|", file=sys.stderr)
    sys.exit(error.exit_code)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended, and what it wrote."""

    code: int
    out: bytes
    message: str
    hint: str


def executed(
    words: Sequence[str | bytes | Path], environ: Environ, cwd: Path | None = None, pass_fds: Sequence[int] = ()
) -> Ended:
    """Run it."""
    line: list[str | bytes | Path] = [sys.executable, "-c", CODE, *words]
    done = subprocess.run(
        line, env=environ, cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, pass_fds=pass_fds, timeout=60
    )
    message, _, hint = done.stderr.decode(errors="replace").strip().partition("|")
    return Ended(done.returncode, done.stdout, message, hint)


def script(folder: Path, name: str, text: str | bytes, mode: int = 0o755) -> Path:
    """A file in a folder."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def ignored(line: str) -> set[int]:
    """The signals that a line `SigIgn:` of /proc/PID/status names. Those of the C library itself do not count."""
    bits = int(line.split()[1], 16)
    return {number for number in signal.valid_signals() if bits >> (number - 1) & 1}
