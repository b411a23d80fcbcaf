"""The originals of the dialects, to ask and to record: dotenv for Node 18.0.10, python-dotenv 1.2.4 and sh.

python -m tests.settings.originals        asks them anew, and writes tests/settings/recorded/
"""

import io
import json
import logging
import os
from pathlib import Path

from tests.npm import Original
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


class Dotenv(Original):
    """dotenv of npm in a process of its own."""

    def __init__(self) -> None:
        super().__init__(f"dotenv@{DOTENV}", "-e", _ANSWERING)

    def parse(self, text: str) -> dict[str, str]:
        """What the original makes of the text."""
        return dict(self.answer(text))


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
    with Dotenv() as original:
        _write(f"dotenv-{DOTENV}", [(text, original.parse(text)) for text in every])
    _write(f"python-dotenv-{PYTHON_DOTENV}", [(text, python_dotenv(text, override=True)) for text in every])


def _write(name: str, pairs: list[tuple[str, dict[str, str]]] | list[tuple[str, dict[str, str | None]]]) -> None:
    lines = ",\n".join(json.dumps(pair) for pair in pairs)
    (RECORDED / f"{name}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
