"""Which Python file declares the databases, and which Python runs it."""

from __future__ import annotations

import os

from mainstay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USUAL = ("config/database.py", "database.py", "app/database.py", "src/database.py")
_MARK = b"mainstay.settings.database"
_LARGEST = 1_000_000
"""Bytes of a file that are looked at."""


class Target:
    """A file's absolute path, or a module's dotted name; the attribute in it, or none; where its imports start."""

    __slots__ = ("attribute", "module", "root")

    def __init__(self, module: str, attribute: str, root: str) -> None:
        self.module = module
        self.attribute = attribute
        self.root = root


def find_target(said: str, cwd: str) -> Target:
    """What is meant by `said` (`config/database.py`, `shop.database:reports`).

    Without it: the key `database` of the config file in `cwd`, or else the one file at a usual place that imports
    `mainstay.settings.database`. Raises UsageError when there is none, and when there are several.
    """
    if said:
        return _named(said, cwd, "")
    if declared := _declared(cwd):
        return _named(*declared)
    found = list(_usual(cwd))
    if len(found) == 1:
        return Target(os.path.join(cwd, found[0]), "", cwd)
    if found:
        raise UsageError(
            f"cannot tell which file is meant: {', '.join(found)} declare databases",
            hint=f"name one, or write database = {found[0]!r} in mainstay.toml",
        )
    raise UsageError(
        "no file here declares a database", hint=f"name it: `mainstay db check FILE`; without, {USUAL[0]} is looked for"
    )


def python_for(target: Target, asked: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The interpreter for a file, and its virtual environment (empty: none). Raises UsageError.

    The one that `start` would take for an app beside it; a path that is `asked` for starts in the working directory.
    """
    from mainstay.config.interpreter import Place, check_version, find_python, project_top
    from mainstay.config.problems import Refused

    if "/" in asked or os.path.isdir(asked):
        asked = os.path.abspath(os.path.expanduser(asked))
    folder = os.path.dirname(target.module) if target.module.endswith(".py") else target.root
    try:
        found = find_python(Place(folder, project_top(folder), environ), asked)
        check_version(found)
    except Refused as error:
        raise UsageError(f"cannot run {target.module}: {error.text}", hint=error.hint) from None
    return found.path, found.venv


def _named(said: str, folder: str, where: str) -> Target:
    """`PATH.py`, `PATH.py:NAME`, `module`, `module:NAME`. `where` says which file says so."""
    module, _, attribute = said.partition(":")
    if not module.endswith(".py") and "/" not in module:
        return Target(module, attribute, folder)
    path = os.path.normpath(os.path.join(folder, os.path.expanduser(module)))
    if not os.path.isfile(path):
        raise UsageError(f"cannot read {module}: no such file{where}")
    inside = path.startswith(f"{folder.rstrip('/')}/")
    return Target(path, attribute, folder if inside else _project(path))


def _project(path: str) -> str:
    from mainstay.config.interpreter import project_top

    return project_top(os.path.dirname(path))


def _declared(cwd: str) -> tuple[str, str, str] | None:
    """What the config file in the folder says, with its folder and its name."""
    from mainstay.config.database import declared_database
    from mainstay.config.find import find_file
    from mainstay.config.problems import Complaints, ConfigError
    from mainstay.config.source import read_document

    try:
        document = read_document(find_file(None, cwd))
    except ConfigError:
        raise
    except UsageError:  # there is no such file
        return None
    complaints = Complaints(document)
    said = declared_database(document, complaints)
    complaints.close()
    return (said, os.path.dirname(document.path), f" (declared in {document.shown})") if said else None


def _usual(cwd: str) -> Iterator[str]:
    """The files that import ours: at usual places, and one folder deep."""
    places = list(USUAL)
    for above in ("", "src"):
        try:
            names = sorted(entry.name for entry in os.scandir(os.path.join(cwd, above)) if entry.is_dir())
        except OSError:
            continue
        places += [os.path.join(above, name, "database.py") for name in names if name.isidentifier()]
    for place in dict.fromkeys(places):
        try:
            with open(os.path.join(cwd, place), "rb") as file:
                if _MARK in file.read(_LARGEST):
                    yield place
        except OSError:
            continue
