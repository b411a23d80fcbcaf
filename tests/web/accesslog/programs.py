"""Programs of their own that log, into a pipe or a file."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, what it logged, and what it said on stderr."""

    code: int
    lines: list[str]
    err: str


class Program:
    """A folder with a program. Its source has `write` and `writer`, which write into a pipe (stdout) or `file`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "access.log"

    def environment(self) -> dict[str, str]:
        """With ours to import."""
        return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(self.folder)])}

    def source(self, code: str, where: str, before: str = "") -> str:
        """All of a program."""
        target = repr(str(self.file)) if where == "file" else "1"
        return (
            "import os, signal, sys, time\n"
            f"{before}\n"
            "from mainstay.web.accesslog.ending import _at_exit\n"
            "from mainstay.web.accesslog.logger import Logger, Options\n"
            f"logger = Logger(Options(to={target}), None)\n"
            "writer, write = logger._writer, logger._write\n"
            f"{code}\n"
        )

    def start(self, code: str, where: str, before: str = "") -> "subprocess.Popen[str]":
        """Begin."""
        script = self.folder / "script.py"
        script.write_text(self.source(code, where, before))
        return subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
            start_new_session=True,
        )

    def run(self, code: str, where: str, before: str = "") -> Ended:
        """Run to the end."""
        with self.start(code, where, before) as process:
            try:
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()  # one that does not end as it should
        return Ended(process.returncode, (self.file.read_text() if where == "file" else out).splitlines(), err)
