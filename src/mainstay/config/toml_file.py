"""Reading TOML: `mainstay.toml`, or `[tool.mainstay]` of a pyproject.toml, with the line of each key."""

import os

from mainstay.config.document import Document, KeyPath, shown_path
from mainstay.config.problems import ConfigError, Problem
from mainstay.errors import UsageError


def read_toml(path: str) -> Document:
    """The document at an absolute `path`. Raises ConfigError for bad syntax, UsageError when it cannot be read.

    In a pyproject.toml only what stands under `[tool.mainstay]` counts; none there reads as an empty document.
    """
    shown = shown_path(path, os.getcwd())
    text = _text(path, shown)
    data = _parsed(text, shown)
    root: KeyPath = ("tool", "mainstay") if os.path.basename(path) == "pyproject.toml" else ()
    for key in root:
        inner = data.get(str(key), {})
        if not isinstance(inner, dict):
            raise ConfigError(shown, (Problem(shown, _Lines(text)(root), "tool.mainstay", "must be a table"),))
        data = inner
    return Document(path, shown, data, _Lines(text), root)


def _text(path: str, shown: str) -> str:
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        raise UsageError(f"cannot read {shown}: {(error.strerror or str(error)).lower()}") from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(shown, (Problem(shown, line, "", "not UTF-8 text"),)) from None


def _parsed(text: str, shown: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, line = _where(str(error), text)
        raise ConfigError(shown, (Problem(shown, line, "", f"not valid TOML: {message}"),)) from None
    except RecursionError:
        raise ConfigError(shown, (Problem(shown, 1, "", "not valid TOML: nested too deeply"),)) from None


def _where(message: str, text: str) -> tuple[str, int]:
    """Take tomllib's message apart: `Invalid value (at line 3, column 7)` or `... (at end of document)`."""
    what, _, place = message.rpartition(" (at ")
    number = place.removeprefix("line ").partition(",")[0]
    line = int(number) if number.isdecimal() else max(1, len(text.splitlines()))
    return (what or message)[:1].lower() + (what or message)[1:], line


class _Lines:
    """Looks a key's line up; the text is walked on the first question only, since mostly there is none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: dict[KeyPath, int] | None = None

    def __call__(self, path: KeyPath) -> int:
        if self._lines is None:
            from mainstay.config.toml_lines import lines_of_keys

            self._lines = lines_of_keys(self._text)
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)
