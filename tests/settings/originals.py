"""The originals of the dialects, to ask and to record: dotenv for Node 18.0.10, python-dotenv 1.2.4 and sh.

python -m tests.settings.originals        asks them anew, and writes tests/settings/recorded/
"""

import io
import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.settings.dotenv_texts import BY_HAND, SURROUNDINGS, by_chance

DOTENV = "18.0.10"
PYTHON_DOTENV = "1.2.4"
RECORDED = Path(__file__).parent / "recorded"
_ANSWERING = """
const dotenv = require('dotenv')
require('readline').createInterface({ input: process.stdin }).on('line', line => {
  console.log(JSON.stringify(Object.entries(dotenv.parse(JSON.parse(line)))))
})
"""


class Unavailable(Exception):
    """The original cannot be had on this machine."""


class Dotenv:
    """A node process that parses what it is sent."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def parse(self, text: str) -> dict[str, str]:
        """What the original makes of the text."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))


@contextmanager
def dotenv() -> Iterator[Dotenv]:
    """dotenv of npm, installed once into a cache folder."""
    folder = _installed()
    argv = ["node", "-e", _ANSWERING]
    with subprocess.Popen(argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Dotenv(process)
        assert process.stdin is not None
        process.stdin.close()


def _installed() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "mainstay-tests" / f"dotenv-{DOTENV}"
    if not (folder / "node_modules").is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            argv = [
                "npm",
                "install",
                "--prefix",
                made,
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                f"dotenv@{DOTENV}",
            ]
            try:
                subprocess.run(argv, check=True, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
            except (OSError, subprocess.SubprocessError) as error:
                raise Unavailable(f"npm cannot install dotenv: {error}") from error
            folder.mkdir(exist_ok=True)
            with suppress(OSError):  # another run was faster; or node tells
                Path(made, "node_modules").rename(folder / "node_modules")
    return folder


def python_dotenv(text: str, override: bool) -> dict[str, str | None]:
    """What python-dotenv makes of the text with SURROUNDINGS set; without `override` those win."""
    from dotenv.main import DotEnv

    logging.getLogger("dotenv.main").disabled = True  # it tells of each line that it passes over
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(SURROUNDINGS)
    try:
        return dict(DotEnv(None, stream=io.StringIO(text, newline=""), override=override).dict())
    finally:
        os.environ.clear()
        os.environ.update(before)


def recorded(name: str) -> list[tuple[str, dict[str, str | None]]]:
    """Texts and what the original made of them."""
    return [(text, values) for text, values in json.loads((RECORDED / f"{name}.json").read_text())]


def main() -> None:
    """Record."""
    every = list(dict.fromkeys([*BY_HAND, *by_chance(500)]))
    with dotenv() as original:
        _write(f"dotenv-{DOTENV}", [(text, original.parse(text)) for text in every])
    _write(f"python-dotenv-{PYTHON_DOTENV}", [(text, python_dotenv(text, override=True)) for text in every])


def _write(name: str, pairs: list[tuple[str, dict[str, str]]] | list[tuple[str, dict[str, str | None]]]) -> None:
    lines = ",\n".join(json.dumps(pair) for pair in pairs)
    (RECORDED / f"{name}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
