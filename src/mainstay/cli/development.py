"""Apps as they are run for whoever works on them, and the files they are made of."""

from __future__ import annotations

import glob
import os
from dataclasses import replace

from mainstay.cli.ignored import Ignored
from mainstay.errors import UsageError
from mainstay.model.spec import Command, EnvLayer, Limits, LogPolicy, PythonApp, Restart, RestartOn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from mainstay.cli.commands.dev import Options
    from mainstay.cli.terminal import Terminal
    from mainstay.model.spec import AppSpec

ENVIRONMENT = "development"
STOP_TIMEOUT = 1.0
"""Seconds: nobody wants to wait for a browser's idle connection after each save."""


class Development:
    """What the command line means. `specs` are the apps, as they were declared when they were last read."""

    def __init__(self, options: Options, out: Terminal) -> None:
        self._options = options
        self._lines = "colour" if out.colours else "plain"
        self.specs = self.read()
        self.roots = [Ignored(folder, options.ignore) for folder in self._folders()]

    def read(self) -> list[AppSpec]:
        """The apps as they are declared now. Raises UsageError and its like."""
        from mainstay.config import adhoc

        wanted = replace(self._options.wanted(), environment=self._options.environment or ENVIRONMENT)
        ambient = adhoc.Ambient(os.getcwd(), os.environ)
        specs = adhoc.specs_from_targets(self._options.targets, wanted, ambient)
        return [for_development(spec, self._lines) for spec in specs]

    def declares(self, path: str) -> bool:
        """Whether this file says what the apps are."""
        return path in {spec.source for spec in self.specs}

    def _folders(self) -> list[str]:
        """Where the files are: as told, or where the apps run, and where their scripts and the file lie."""
        if self._options.watch_dir:
            told = [os.path.abspath(os.path.expanduser(folder)) for folder in self._options.watch_dir]
            missing = next((folder for folder in told if not os.path.isdir(folder)), "")
            if missing:
                raise UsageError(f"cannot watch {missing}: no such folder", hint="--watch-dir names a folder")
            return told
        found = [spec.cwd for spec in self.specs]
        found += [os.path.dirname(spec.source) for spec in self.specs if spec.source]
        found += [os.path.dirname(script) for spec in self.specs if (script := script_of(spec))]
        return _topmost(found)


def for_development(spec: AppSpec, lines: str) -> AppSpec:
    """One worker, soon gone, with a line for each request; nothing that would replace it while it is looked at."""
    spec = replace(
        spec,
        instances=1,
        stop_timeout=min(spec.stop_timeout, STOP_TIMEOUT),
        logs=LogPolicy(keep=1, compress=False),
        health=None,
        limits=Limits(),
    )
    if isinstance(spec.program, PythonApp):
        return replace(spec, env=(*spec.env, EnvLayer("dev", {"MAINSTAY_ACCESS_LINES": lines})))
    return replace(spec, restart=Restart(RestartOn.NEVER))  # when it ends it waits for the next save


def script_of(spec: AppSpec) -> str:
    """The file that a command runs, where it is one of the user's; empty when there is none."""
    if not isinstance(spec.program, Command):
        return ""
    words = (os.path.join(spec.cwd, word) for word in spec.program.argv[:3] if not word.startswith("-"))
    return next((word for word in words if word.endswith((".py", ".js", ".sh", ".rb")) and os.path.isfile(word)), "")


def syntax_error(paths: Iterable[str]) -> str:
    """What is wrong with the first of these files that is no Python: `shop.py:3: invalid syntax`; empty for none."""
    for path in paths:
        if not path.endswith(".py"):
            continue
        try:
            with open(path, "rb") as file:
                compile(file.read(), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            return f"{os.path.relpath(path)}{f':{line}' if line else ''}: {getattr(error, 'msg', error)}"
        except OSError:
            continue
    return ""


def drop_bytecode(paths: Iterable[str]) -> None:
    """Remove what was compiled of these files: Python takes it for current within the same second and size."""
    for path in paths:
        folder, name = os.path.split(path)
        stem, ending = os.path.splitext(name)
        if ending == ".py":
            for cached in glob.glob(os.path.join(glob.escape(folder), "__pycache__", f"{glob.escape(stem)}.*.pyc")):
                try:
                    os.unlink(cached)
                except OSError:
                    continue


def _topmost(folders: Iterable[str]) -> list[str]:
    """Without those that lie in another of them."""
    found: list[str] = []
    for folder in sorted(set(map(os.path.realpath, folders))):
        if not any(folder == other or folder.startswith(other.rstrip("/") + "/") for other in found):
            found.append(folder)
    return found
