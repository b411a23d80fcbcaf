"""Guessing what somebody meant to start, by reading Python files without running them. Only for hints."""

import ast
import os

_FRAMEWORKS = frozenset(("FastAPI", "Starlette", "Flask", "Quart", "Litestar", "Sanic", "Bottle"))
_NAMES = ("app", "application", "api", "asgi", "wsgi", "server")
_FACTORIES = ("create_app", "make_app", "build_app", "get_app", "app_factory")
_FILES = ("main.py", "app.py", "asgi.py", "wsgi.py", "api.py", "server.py")
_LARGEST = 1_000_000
"""Bytes; nobody's app is defined in a bigger file."""


def web_app_in(path: str) -> str:
    """The attribute that is (or the factory, with `()`, that makes) a web app in a Python file; empty when none is."""
    body = _body(path)
    made = [name for statement in body if (name := _assigned(statement, frameworks_only=True))]
    named = [name for statement in body if (name := _assigned(statement, frameworks_only=False)) in _NAMES]
    defined = [s.name for s in body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]
    callables = [name for name in defined if name in _NAMES[:2]]
    factories = [f"{name}()" for name in defined if name in _FACTORIES]
    return next(iter(made + named + callables + factories), "")


def target_of(path: str, folder: str) -> str:
    """`shop.main:app` for the web app in a Python file under `folder`; empty when it has none."""
    attribute = web_app_in(path)
    module = os.path.relpath(path, folder).removesuffix(".py").removesuffix("/__init__").replace(os.sep, ".")
    return f"{module}:{attribute}" if attribute and not module.startswith(".") else ""


def target_in(folder: str, cwd: str) -> str:
    """The web app in a usual file of this folder, or of a folder in it, as named from `cwd`; empty without one."""
    try:
        inner = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir() and entry.name.isidentifier())
    except OSError:
        return ""
    for place in [folder, *inner[:50]]:
        for name in _FILES:
            if target := target_of(os.path.join(place, name), cwd):
                return target
    return ""


def only_defines_an_app(path: str) -> bool:
    """Whether a file makes a web app of a known framework and does not serve it: run as a script it just ends."""
    body = _body(path)
    if not any(_assigned(statement, frameworks_only=True) for statement in body):
        return False
    return not any(_may_serve(statement) for statement in body)


def _may_serve(statement: ast.stmt) -> bool:
    """Whether a statement could keep the process going: anything that is not plainly a declaration."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=method))):
            return not method.startswith(("add_", "include_", "mount", "register_", "exception_", "basicConfig"))
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return False
        case ast.Assign() | ast.AnnAssign() | ast.Expr(value=ast.Constant()):
            return False
        case _:
            return True


def _assigned(statement: ast.stmt, *, frameworks_only: bool) -> str:
    """The name that a top-level assignment gives to what a call makes."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called)):
            pass
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=called)):
            pass
        case _:
            return ""
    made_by = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name if not frameworks_only or made_by in _FRAMEWORKS else ""


def _body(path: str) -> list[ast.stmt]:
    try:
        with open(path, "rb") as file:
            return ast.parse(file.read(_LARGEST)).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
