"""How a script is run: by the interpreter that was asked for, else as its name, its mode or its first line say."""

import os
import shlex

from mainstay.config.interpreter import Place, find_python, which
from mainstay.config.problems import Refused

BY_ENDING: dict[str, tuple[str, ...]] = {
    ".js": ("node",),
    ".cjs": ("node",),
    ".mjs": ("node",),
    ".sh": ("sh",),
    ".bash": ("bash",),
    ".rb": ("ruby",),
    ".pl": ("perl",),
    ".php": ("php",),
    ".lua": ("lua",),
    ".jar": ("java", "-jar"),
}
"""Python files are not here: the app's own Python runs them."""

ITSELF = "none"
"""As `interpreter`: execute the file itself."""

_PYTHONS = ("python", "python3")


def script_argv(path: str, place: Place, interpreter: str = "", python: str = "") -> tuple[str, ...]:
    """The argument vector that runs the script at an absolute `path`. Raises Refused."""
    if interpreter == ITSELF:
        if not os.access(path, os.X_OK):
            raise Refused(f"{path} is not executable", hint=f"chmod +x {shlex.quote(path)}")
        return (path,)
    if path.endswith((".py", ".pyw")) and len(_words(interpreter)) < 2:
        return (find_python(place, interpreter or python).path, path)
    if interpreter:
        return (*_program(_words(interpreter), place), path)
    known = BY_ENDING.get(os.path.splitext(path)[1].lower())
    if known:
        return (*_program(known, place), path)
    return _by_content(path, place)


def find_program(word: str, place: Place) -> str:
    """The absolute path of a program, empty when there is none; `python` is the app's own where PATH has none."""
    found = which(word, place.environ.get("PATH", os.defpath), place.folder)
    return found or (find_python(place).path if word in _PYTHONS else "")


def _by_content(path: str, place: Place) -> tuple[str, ...]:
    try:
        with open(path, "rb") as file:
            head = file.read(512)
    except OSError as error:
        raise Refused(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    executable = os.access(path, os.X_OK)
    if executable and (head.startswith(b"#!") or b"\0" in head):
        return (path,)
    if head.startswith(b"#!"):
        first = head[2:].split(b"\n", 1)[0].decode(errors="replace")
        return (*_program(_without_env(_words(first)), place), path)
    if executable:
        return ("/bin/sh", path)  # what every shell does with a text that the kernel refuses
    raise Refused(f"what runs {path} is not known", hint="make it executable, or name its --interpreter")


def _without_env(words: tuple[str, ...]) -> tuple[str, ...]:
    """`/usr/bin/env -S python3 -u` is `python3 -u`."""
    if len(words) < 2 or os.path.basename(words[0]) != "env":
        return words
    return words[2:] if words[1] == "-S" else words[1:]


def _program(words: tuple[str, ...], place: Place) -> tuple[str, ...]:
    if not words:
        raise Refused("no interpreter is named in its first line", hint="name its --interpreter")
    found = find_program(words[0], place)
    if not found:
        where = "no such program" if "/" in words[0] else "not on PATH"
        raise Refused(f"cannot find {words[0]}: {where}", hint="install it, or name another --interpreter")
    return (found, *words[1:])


def _words(line: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        raise Refused(f"not a command: {line!r:.80}: {str(error).lower()}") from None
