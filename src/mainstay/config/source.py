"""Which reader reads which file: the one place to touch for a new format."""

import os
from collections.abc import Callable

from mainstay.config.document import Document, shown_path
from mainstay.config.toml_file import read_toml
from mainstay.errors import UsageError

READERS: tuple[tuple[str, Callable[[str], Document]], ...] = ((".toml", read_toml),)
"""The end of a file's name, and what reads such a file."""

LATER = (".json", ".yaml", ".yml", ".config.js", ".config.cjs", ".config.mjs")
"""Names of files that declare apps for PM2, which are not read yet."""


def declares_apps(path: str) -> bool:
    """Whether a file of this name is a config file and not a program."""
    return path.endswith((*(end for end, _ in READERS), *LATER))


def read_document(path: str) -> Document:
    """The document at an absolute `path`. Raises UsageError when it cannot be read or is of no known format."""
    for end, read in READERS:
        if path.endswith(end):
            return read(path)
    shown = shown_path(path, os.getcwd())
    raise UsageError(f"cannot read {shown}: only TOML files are read", hint="declare the apps in a mainstay.toml")
