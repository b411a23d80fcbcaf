"""Finding the sections in a user's file: imported as their app does it, with what goes wrong there in one line."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from types import ModuleType

from mainstay.settings.database.addresses import scrubbed
from mainstay.settings.database.problems import DatabaseError
from mainstay.settings.database.sections import Sections
from mainstay.settings.naming import looks_secret
from mainstay.settings.problems import SettingsError

_USUAL = "databases"
_MAY_HOLD_ONE = ("PASS", "KEY", "DSN", "URL", "URI")
"""What else is in the name of a variable whose value may have a secret in it, as the URL of a database has."""


class CannotLoad(DatabaseError):
    """The file cannot be imported, or declares no sections."""


def sections_in(target: str, attribute: str, root: str) -> Sections:
    """The Sections of `target`: a module's dotted name, or the path of a Python file. `root` is where imports start.

    `attribute` may be empty when there is only one, or one that is called `databases`. Raises CannotLoad, and
    SettingsError of the file's own.
    """
    for folder in reversed(_starts(target, root)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    shown = os.path.relpath(target, root) if target.endswith(".py") else target
    try:
        module = _imported(target, root)
    except SettingsError:
        raise
    except (Exception, SystemExit) as error:
        raise CannotLoad(f"cannot import {shown}: {_where(error, target)}{_told(error)}") from None
    return _chosen(module, attribute, shown)


def _imported(target: str, root: str) -> ModuleType:
    """By its name where it has one, so that its relative imports work and it is there only once; else by its path."""
    if not target.endswith(".py"):
        return importlib.import_module(target)
    for folder in _starts(target, root):
        name = os.path.relpath(target, folder).removesuffix(".py").replace(os.sep, ".")
        if all(part.isidentifier() for part in name.split(".")) and name not in sys.modules and _leads_to(name, target):
            return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location("database_sections", target)
    if spec is None or spec.loader is None:
        raise ImportError(f"{target} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _leads_to(name: str, target: str) -> bool:
    """Whether importing the name means this file, and not another one that comes first."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):  # a part of the name is something else
        return False
    origin = found.origin if found is not None else None
    return origin is not None and os.path.exists(origin) and os.path.samefile(origin, target)


def _starts(target: str, root: str) -> list[str]:
    """The folders where imports start: the one that holds the file's package, and the project's."""
    if not target.endswith(".py"):
        return [root]
    folder = os.path.dirname(target)
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
    return [root] if folder in (root, os.path.dirname(target)) else [folder, root]


def _chosen(module: ModuleType, attribute: str, shown: str) -> Sections:
    found = {name: value for name, value in vars(module).items() if isinstance(value, Sections)}
    if attribute:
        chosen = found.get(attribute)
        if chosen is None:
            there = f"it has {', '.join(found)}" if found else "it has none"
            raise CannotLoad(f"{shown} has no Sections that are called {attribute}", hint=there)
        return chosen
    if _USUAL in found:
        return found[_USUAL]
    different = {id(value): value for value in found.values()}
    if len(different) == 1:
        return next(iter(different.values()))
    if not found:
        raise CannotLoad(f"{shown} declares no database", hint="write databases = Sections(development=Database(...))")
    raise CannotLoad(f"{shown} has several: {', '.join(found)}", hint=f"say which one: {shown}:{next(iter(found))}")


def _where(error: BaseException, target: str) -> str:
    """`line 7: ` when the mistake, or the call that led to it, is in the file itself."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: "
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == target]
    return f"line {lines[-1]}: " if lines else ""


def _told(error: BaseException) -> str:
    """The exception in one line, without the value of any variable that may be secret."""
    secrets = [value for name, value in os.environ.items() if _may_be_secret(name)]
    text = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    kind = type(error).__name__
    return scrubbed(f"{kind}: {text}" if text else kind, secrets)


def _may_be_secret(name: str) -> bool:
    return looks_secret(name) or any(word in name.upper() for word in _MAY_HOLD_ONE)
