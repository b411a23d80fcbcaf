"""What declared apps need: folders, programs, interpreters, servers."""

from __future__ import annotations

import os
import subprocess

from mainstay.cli.findings import ok, problem
from mainstay.model.spec import Command, Engine, PythonApp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainstay.cli.findings import Finding
    from mainstay.model.spec import AppSpec

OLDEST = (3, 11)
_PACKAGES = {Engine.UVICORN: ("uvicorn", "web"), Engine.GRANIAN: ("granian", "granian")}
_ASK = (
    "import sys; from importlib.util import find_spec; print(*sys.version_info[:2], int(find_spec({!r}) is not None))"
)


def app_findings(spec: AppSpec) -> list[Finding]:
    """How it is with one app; one `ok` when nothing is missing."""
    check = f"app {spec.name}"
    if not os.path.isdir(spec.cwd):
        return [
            problem(check, f"the folder it runs in is gone: {spec.cwd}", "restore it, or `mainstay delete` the app")
        ]
    match spec.program:
        case PythonApp(python=python, engine=engine):
            return [_python(check, python, engine)]
        case Command(argv=argv):
            return [_program(check, argv[0], spec.cwd)]


def _program(check: str, program: str, cwd: str) -> Finding:
    path = os.path.join(cwd, program)
    if "/" in program and not os.access(path, os.X_OK):
        return problem(
            check, f"its program is gone, or may not be run: {path}", "install it again, or correct the command"
        )
    return ok(check, program)


def _python(check: str, python: str, engine: Engine) -> Finding:
    package, extra = _PACKAGES[engine]
    try:
        asked = subprocess.run(
            [python, "-c", _ASK.format(package)], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL
        )
        major, minor, there = (int(word) for word in asked.stdout.split())
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        cause = error.strerror if isinstance(error, OSError) else "it does not run"
        return problem(check, f"its Python is gone: {python}: {cause}", "make its virtual environment again")
    if (major, minor) < OLDEST:
        return problem(
            check, f"its Python is {major}.{minor}: {python}", "make its environment with Python 3.11 or later"
        )
    if not there and not _can_lend(package):
        text = f"{package} is not installed for {python}"
        return problem(check, text, f"{python} -m pip install 'mainstay[{extra}]'")
    return ok(check, f"Python {major}.{minor}, {package}: {python}")


def _can_lend(package: str) -> bool:
    """Whether our own environment has it, from where workers borrow what theirs lacks."""
    from importlib.util import find_spec

    return find_spec(package) is not None
