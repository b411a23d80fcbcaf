"""ASGI or WSGI, told from how the app wants to be called."""

# An app takes what its interface gives it, needed or not.
# ruff: noqa: ARG001, ARG005

import functools
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from fastapi import FastAPI
from flask import Flask

from mainstay.runtime.interface import CannotTell, find_out
from mainstay.runtime.messages import Interface


async def asgi(scope: Any, receive: Any, send: Any) -> None: ...


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


class Asgi:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Wsgi:
    def __init__(self, environ: Any, start_response: Any) -> None: ...


class AnyArguments:
    async def __call__(self, *arguments: Any) -> None: ...


@functools.wraps(asgi)
def decorated(*arguments: Any) -> Any:
    return asgi(*arguments)


@pytest.mark.parametrize(
    ("app", "interface"),
    [
        (asgi, Interface.ASGI),
        (wsgi, Interface.WSGI),
        (Asgi(), Interface.ASGI),
        (Wsgi, Interface.WSGI),
        (AnyArguments(), Interface.ASGI),
        (decorated, Interface.ASGI),
        (functools.partial(lambda word, environ, start_response: [word], "x"), Interface.WSGI),
        (lambda scope, receive, send: asgi(scope, receive, send), Interface.ASGI),
        (FastAPI(), Interface.ASGI),
        (Flask("x"), Interface.WSGI),
        (Flask("x").wsgi_app, Interface.WSGI),
        (ASGIHandler.__call__.__get__(object()), Interface.ASGI),
        (WSGIHandler.__call__.__get__(object()), Interface.WSGI),
    ],
)
def test_the_interface_is_found_out(app: Callable[..., Any], interface: Interface) -> None:
    assert find_out(app) is interface


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (lambda: None, "takes no argument"),
        (lambda scope: None, "takes 1 required argument:"),
        (lambda a, b, c, d: None, "takes 4 required arguments"),
        (lambda *arguments: None, "takes any arguments"),
        (lambda *, name: None, "needs keyword arguments"),
    ],
)
def test_what_is_neither_is_refused(app: Callable[..., Any], message: str) -> None:
    with pytest.raises(CannotTell, match=message):
        find_out(app)


def test_a_call_set_on_the_object_is_seen() -> None:
    class Wrapped:
        __call__: Any = None

    app = Wrapped()
    app.__call__ = asgi

    assert find_out(app) is Interface.ASGI
