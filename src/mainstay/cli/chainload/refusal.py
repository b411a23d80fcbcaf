"""Why a program that is there could not be executed, from what the system said and from what can be seen."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 131072 - 1
"""Bytes in one argument, or in one NAME=VALUE (Linux: MAX_ARG_STRLEN, without the NUL at the end)."""


def cause_of(path: str, error: OSError, words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, str]:
    """The cause and a hint."""
    match error.errno:
        case errno.EACCES if os.path.isdir(path):
            return "it is a folder", ""
        case errno.EACCES if not os.stat(path).st_mode & 0o111:
            return f"{path} is not executable", f"chmod +x {path}"
        case errno.EACCES if not os.access(path, os.X_OK):  # by its owner, or where it is mounted
            return f"{path} may not be executed here", ""
        case errno.ENOENT | errno.ENOTDIR | errno.EACCES:
            return _interpreter(path, error)
        case errno.ENOEXEC:
            return f"{path} is no program for this machine", ""
        case errno.E2BIG:
            return _too_much(words, environ), ""
        case _:
            return _said(error), ""


def _interpreter(path: str, error: OSError) -> tuple[str, str]:
    """What should run the file is named in its first line, and cannot be run itself."""
    try:
        with open(path, "rb") as file:
            first = file.readline(256)
    except OSError:
        return _said(error), ""
    if not first.startswith(b"#!"):
        missing = error.errno != errno.EACCES
        return (f"{path} needs a loader that is not there" if missing else _said(error)), ""
    named = os.fsdecode(first[2:].rstrip(b"\n")).strip(" \t")
    hint = "the lines of the file end in CR LF; they must end in LF" if named.endswith("\r") else ""
    program = named.rstrip("\r").partition(" ")[0]
    return f"its first line names {program}, {'which' if not hint else 'followed by CR: that'} cannot be run", hint


def _too_much(words: Sequence[str], environ: Mapping[str, str]) -> str:
    for name, value in environ.items():
        if (size := len(os.fsencode(f"{name}={value}"))) > MOST:
            return f"{name} is too large: {size} bytes with its name, and the system takes {MOST}"
    for place, word in enumerate(words):
        if (size := len(os.fsencode(word))) > MOST:
            return f"argument {place} is too large: {size} bytes, and the system takes {MOST}"
    return "arguments and variables are together more than the system takes"


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
