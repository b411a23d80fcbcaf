"""Whether an app is ASGI or WSGI, found out from how it wants to be called; it is not called for that.

ASGI: three required arguments (scope, receive, send). WSGI: two (environ, start_response). A decorator that keeps its
function in `__wrapped__` (functools.wraps) is looked through.
"""

import inspect
from collections.abc import Callable
from typing import Any

from mainstay.runtime.messages import Interface

_FACTORY = "if it is a factory, name it as one: {target}()"
_SAY_WHICH = 'say which it is: interface = "asgi" or "wsgi"'


class CannotTell(Exception):
    """Neither ASGI nor WSGI for all that can be seen; `hint` may hold {target}."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def find_out(app: Callable[..., Any]) -> Interface:
    """ASGI or WSGI. Raises `CannotTell`."""
    parameters = _parameters(app)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise CannotTell("needs keyword arguments, which no server gives", _FACTORY)
    match len(required):
        case 3:
            return Interface.ASGI
        case 2:
            return Interface.WSGI
        case 0 if _is_asynchronous(app) and _takes_any(parameters):
            return Interface.ASGI
        case 0 if _takes_any(parameters):
            raise CannotTell("takes any arguments: it cannot be told whether it is ASGI or WSGI", _SAY_WHICH)
        case count:
            raise CannotTell(f"takes {_arguments(count)}: an ASGI app takes 3, a WSGI app 2", _FACTORY)


def _is_asynchronous(app: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004


def _parameters(app: Callable[..., Any]) -> list[inspect.Parameter]:
    for callable_ in (app, getattr(app, "__call__", None)):  # noqa: B004  # some set __call__ on the object
        try:
            return list(inspect.signature(callable_).parameters.values())  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
    raise CannotTell("does not show what arguments it takes", _SAY_WHICH)


def _takes_any(parameters: list[inspect.Parameter]) -> bool:
    return any(p.kind is p.VAR_POSITIONAL for p in parameters)


def _arguments(count: int) -> str:
    return "no argument" if count == 0 else f"{count} required argument{'' if count == 1 else 's'}"
