"""The target, "shop.main:app" or "shop.main:create_app()": parsed, imported, called when it is a factory.

A factory is named as such, with its parentheses. A callable is never called to see what comes out: it would have
effects.
"""

import ast
import difflib
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mainstay.runtime.failure import in_one_line, their_frames, where
from mainstay.runtime.interface import CannotTell, find_out
from mainstay.runtime.messages import Interface

# Any: the user's object; what it takes and returns is told by `Loaded.interface`.
App = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Target:
    """`module:attribute.path`, or `module:attribute.path(arguments)` for a factory (`arguments` is None for an app)."""

    module: str
    path: tuple[str, ...]
    arguments: tuple[tuple[object, ...], dict[str, object]] | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The app, and how it is called: never AUTO."""

    app: App
    interface: Interface


class CannotLoad(Exception):
    """The target gives no app: `str` is the line that says why, `hint` what to do; the user's error is the cause."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def load(text: str, interface: Interface) -> Loaded:
    """Import the app that `text` names and find out its interface where `interface` is AUTO. Raises `CannotLoad`."""
    target = parse(text)
    found = _attribute(_module(target), target)
    if not callable(found):
        raise CannotLoad(f"{text} is not an app but {_kind(found)}: it cannot be called", _other_apps(target))
    app = found if target.arguments is None else _made_by(found, target, text)
    if interface is not Interface.AUTO:
        return Loaded(app, interface)
    try:
        return Loaded(app, find_out(app))
    except CannotTell as error:
        hint = error.hint if target.arguments is None else ""
        raise CannotLoad(f"{text} {error}", hint.format(target=text)) from None


def parse(text: str) -> Target:
    """Read a target; the arguments of a factory may be literals. Raises `CannotLoad`."""
    module, colon, expression = text.partition(":")
    if not colon or not module or not expression:
        raise CannotLoad(f"cannot read the target {text!r}", "write it as module:attribute, such as shop.main:app")
    try:
        node: ast.expr = ast.parse(expression, mode="eval").body
        arguments = None
        if isinstance(node, ast.Call):
            keywords = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
            arguments = (tuple(ast.literal_eval(value) for value in node.args), keywords)
            node = node.func
        path: list[str] = []
        while isinstance(node, ast.Attribute):
            path.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            raise ValueError("not a name")
    except (SyntaxError, ValueError):
        raise CannotLoad(
            f"cannot read {expression!r} in the target {text!r}", "after the colon: app, or create_app() for a factory"
        ) from None
    return Target(module, (node.id, *path), arguments)


def _module(target: Target) -> object:
    try:
        return importlib.import_module(target.module)
    except ModuleNotFoundError as error:
        if not their_frames(traceback.extract_tb(error.__traceback__)):
            raise CannotLoad(in_one_line(error), _nearest_module(target.module)) from None
        missing = f"{sys.executable} -m pip install {(error.name or '').partition('.')[0]}"
        raise CannotLoad(in_one_line(error), f"imported at {where(error)}; is it installed? {missing}") from error
    except BaseException as error:  # an app may call sys.exit() while it is imported
        raise CannotLoad(in_one_line(error), f"raised at {where(error)}" if where(error) else "") from error


def _attribute(module: object, target: Target) -> object:
    value = module
    for index, name in enumerate(target.path):
        try:
            value = getattr(value, name)
        except AttributeError as error:
            if their_frames(traceback.extract_tb(error.__traceback__)):
                raise CannotLoad(in_one_line(error), f"raised at {where(error)}") from error
            owner = ".".join(target.path[:index])
            place = f"{target.module}:{owner}" if owner else f"module {target.module!r}"
            raise CannotLoad(f"{place} has no attribute {name!r}", _nearest_attribute(value, name)) from None
    return value


def _made_by(factory: App, target: Target, text: str) -> App:
    positional, keywords = target.arguments or ((), {})
    try:
        app = factory(*positional, **keywords)
    except BaseException as error:
        raise CannotLoad(in_one_line(error), f"raised at {where(error)}" if where(error) else "") from error
    if not callable(app):
        raise CannotLoad(f"the factory {text} returned {_kind(app)}, not an app", "it must return the app")
    return app  # type: ignore[no-any-return]  # proven callable; what it is gets found out


def _kind(value: object) -> str:
    return "None" if value is None else f"an object of type {type(value).__qualname__}"


def _nearest_attribute(owner: object, name: str) -> str:
    names = [known for known in dir(owner) if not known.startswith("_")]
    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean {near[0]!r}?" if near else ""


def _other_apps(target: Target) -> str:
    names = [name for name in ("app", "application") if callable(getattr(sys.modules.get(target.module), name, None))]
    return f"did you mean '{target.module}:{names[0]}'?" if names else ""


def _nearest_module(name: str) -> str:
    """The module that was probably meant, or where modules were looked for."""
    parts = name.split(".")
    known: list[str] = []
    for depth in range(len(parts)):
        folder = os.path.join(os.getcwd(), *parts[:depth])
        known += [".".join([*parts[:depth], module]) for module in _modules_in(folder)]
    near = difflib.get_close_matches(name, known, 1, cutoff=0.7)
    return f"did you mean {near[0]!r}?" if near else f"looked for in {os.getcwd()} and where {sys.executable} looks"


def _modules_in(folder: str) -> list[str]:
    try:
        entries = os.listdir(folder)
    except OSError:
        return []
    files = [entry[:-3] for entry in entries if entry.endswith(".py") and entry != "__init__.py"]
    packages = [entry for entry in entries if os.path.exists(os.path.join(folder, entry, "__init__.py"))]
    return files + packages
