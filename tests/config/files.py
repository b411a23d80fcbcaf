"""Files for the tests of `config/`."""

import textwrap
from pathlib import Path

from mainstay.config.file import specs_from_file
from mainstay.config.problems import ConfigError
from mainstay.model.spec import AppSpec

ENVIRON = {"HOME": "/root", "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
"""A small environment for the operator."""


def write(path: Path, text: str, mode: int = 0o644) -> Path:
    """Write a text without its indentation, and the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    path.chmod(mode)
    return path


def one(folder: Path, text: str) -> AppSpec:
    """The only spec of a mainstay.toml with this text."""
    (spec,) = specs_from_file(str(write(folder / "mainstay.toml", text)), None, (), ENVIRON)
    return spec


def mistakes(folder: Path, text: str) -> list[str]:
    """What is said about a mainstay.toml with this text, a line each, with the file as `mainstay.toml`."""
    path = write(folder / "mainstay.toml", text)
    try:
        specs_from_file(str(path), None, (), ENVIRON)
    except ConfigError as error:
        return [str(problem).replace(f"{folder}/", "") for problem in error.problems]
    return []
