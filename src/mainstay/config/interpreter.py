"""Which Python runs an app, and why that one.

In this order: the one that was asked for; `.venv` or `venv` beside the app or in a folder above it, up to the
project's; the activated one (`$VIRTUAL_ENV`); uv's (`$UV_PROJECT_ENVIRONMENT`); the one mainstay itself runs on.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mainstay.config.problems import Refused

OLDEST = (3, 11)
_PROJECT = ("pyproject.toml", "uv.lock", "mainstay.toml", "setup.py", "manage.py", ".git")
_ASK = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
_PATIENCE = 30.0
"""Seconds an interpreter may take to say its version."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: from `folder` up to `top` (which holds it), with the operator's variables."""

    folder: str
    top: str
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """An interpreter: its absolute path, why it was taken, and its virtual environment (empty when it has none)."""

    path: str
    why: str
    venv: str = ""


def find_python(place: Place, asked: str = "") -> Found:
    """The interpreter for an app. `asked` is a path, the name of a program or a virtual environment's folder.

    Raises Refused when what was asked for is no interpreter, and when a virtual environment is broken: taking another
    one instead would hide it.
    """
    if asked:
        return _asked(place, asked)
    for folder in _folders(place.folder, place.top):
        for name in (".venv", "venv"):
            if found := _in_venv(os.path.join(folder, name), f"{name} in {folder}"):
                return found
    for variable in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
        venv = place.environ.get(variable, "")
        if venv and (found := _in_venv(os.path.join(place.top, venv), f"${variable}")):
            return found
    return Found(sys.executable, "the one mainstay runs on")


def project_top(folder: str) -> str:
    """The nearest folder from `folder` upwards that looks like a project's; `folder` itself when none does."""
    for above in _folders(folder, "/"):
        if any(os.path.exists(os.path.join(above, name)) for name in _PROJECT):
            return above
    return folder


def check_version(found: Found) -> None:
    """Raises Refused unless the interpreter runs and is new enough for our runtime."""
    version = sys.version_info[:3] if found.path == sys.executable else _version(found.path)
    if version < OLDEST:
        told, oldest = ".".join(map(str, version)), ".".join(map(str, OLDEST))
        raise Refused(
            f"{found.path} ({found.why}) is Python {told}, and apps need {oldest} or newer",
            hint=f"make the virtual environment with Python {oldest} or newer",
        )


def which(word: str, path: str, folder: str) -> str:
    """The absolute path of a program: one with a slash is relative to `folder`, others are on `path`; else empty."""
    if "/" in word:
        place = os.path.normpath(os.path.join(folder, os.path.expanduser(word)))
        return place if _runs(place) else ""
    places = (os.path.join(folder, directory, word) for directory in path.split(":") if directory)
    return next((os.path.normpath(place) for place in places if _runs(place)), "")


def _asked(place: Place, asked: str) -> Found:
    path = os.path.normpath(os.path.join(place.folder, os.path.expanduser(asked)))
    if os.path.isdir(path):
        found = _in_venv(path, "asked for")
        if found is None:
            raise Refused(f"{path} is no virtual environment: it has no bin/python")
        return found
    program = which(asked, place.environ.get("PATH", os.defpath), place.folder)
    if not program:
        where = "no such program" if "/" in asked else "not on PATH"
        raise Refused(f"cannot find the interpreter {asked}: {where}")
    venv = os.path.dirname(os.path.dirname(program))
    has_settings = os.path.isfile(os.path.join(venv, "pyvenv.cfg"))
    return Found(program, "asked for", venv if has_settings else "")


def _in_venv(folder: str, why: str) -> Found | None:
    python = os.path.join(folder, "bin", "python")
    if _runs(python):
        return Found(os.path.normpath(python), why, os.path.normpath(folder))
    if os.path.lexists(python) or os.path.isfile(os.path.join(folder, "pyvenv.cfg")):
        raise Refused(
            f"the virtual environment {os.path.normpath(folder)} is broken: its bin/python does not lead to a program",
            hint="make it again, or name another with `python`",
        )
    return None


def _folders(folder: str, top: str) -> Iterator[str]:
    """`folder` and those above it, up to and with `top`; only `folder` when `top` does not hold it."""
    yield folder
    inside = folder.startswith(top.rstrip("/") + "/")
    while inside and folder != top:
        folder = os.path.dirname(folder)
        yield folder


def _runs(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


_versions: dict[tuple[str, int], tuple[int, ...]] = {}


def _version(path: str) -> tuple[int, ...]:
    """Ask the interpreter, once as long as its file stays the same."""
    key = (path, os.stat(path).st_mtime_ns)
    if key not in _versions:
        _versions[key] = _ask(path)
    return _versions[key]


def _ask(path: str) -> tuple[int, ...]:
    import subprocess

    try:
        answer = subprocess.run(
            [path, "-I", "-S", "-c", _ASK], capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL
        )
        return tuple(int(part) for part in answer.stdout.strip().split("."))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise Refused(f"{path} is no Python interpreter: it does not say its version") from None
