"""The engines by name: what each needs installed, what is imported before the app, and how it serves.

An engine's module is imported only when it is used: granian's user need not have uvicorn, nor the other way round.
"""

import os
from typing import assert_never

from mainstay.runtime.assignment import Assignment
from mainstay.runtime.borrowed import require
from mainstay.runtime.messages import Engine, Interface
from mainstay.runtime.proxied import has_proxies


def prepare(engine: Engine) -> None:
    """Import the engine before the app, so that forks share it and the app's own logging set-up has the last word.

    Raises `MissingPackage`.
    """
    match engine:
        case Engine.UVICORN:
            require("uvicorn", "web")
            from mainstay.runtime.engine_uvicorn import prepare as prepare_uvicorn

            prepare_uvicorn()
        case Engine.GRANIAN:
            require("granian", "granian")
            from mainstay.runtime import engine_granian  # noqa: F401  # for the import alone
        case _:
            assert_never(engine)


def check(engine: Engine, interface: Interface) -> None:
    """Raise `MissingPackage` when this engine cannot serve this interface with what is installed."""
    if interface is Interface.WSGI and (engine is Engine.UVICORN or has_proxies(os.environ)):
        require("a2wsgi", "web")


def serve(assignment: Assignment) -> int:
    """Serve until drained; the exit code."""
    match assignment.load.engine:
        case Engine.UVICORN:
            from mainstay.runtime.engine_uvicorn import serve as serve_uvicorn

            return serve_uvicorn(assignment)
        case Engine.GRANIAN:
            from mainstay.runtime.engine_granian import serve as serve_granian

            return serve_granian(assignment)
        case engine:
            assert_never(engine)
