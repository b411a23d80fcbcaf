"""Sessions in real FastAPI, Starlette and Litestar apps: `request.session` is ours."""

from typing import Any

import fastapi
import litestar
import pytest
from litestar.connection import Request as LitestarRequest
from litestar.middleware import DefineMiddleware
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mainstay.web.sessions import Sessions
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import SECRET, Browser, run


def in_fastapi(store: Any) -> Any:
    app = fastapi.FastAPI()
    app.add_middleware(Sessions, store=store, secret=SECRET)

    @app.get("/add")
    async def add(request: fastapi.Request) -> list[int]:
        request.session.setdefault("cart", []).append(1)
        cart: list[int] = request.session["cart"]
        return cart

    @app.get("/login")
    def login(request: fastapi.Request) -> str:  # in a thread of its own
        request.session.login("ann")  # type: ignore[attr-defined]
        return "in"

    @app.get("/logout")
    async def logout(request: fastapi.Request) -> str:
        request.session.logout()  # type: ignore[attr-defined]
        return "out"

    @app.get("/fail")
    async def fail(request: fastapi.Request) -> None:
        request.session["cart"] = []
        raise KeyError("mine")

    return app


def in_starlette(store: Any) -> Any:
    async def add(request: Request) -> PlainTextResponse:
        request.session.setdefault("cart", []).append(1)
        return PlainTextResponse(str(request.session["cart"]).replace(" ", ""))

    async def login(request: Request) -> PlainTextResponse:
        request.session.login("ann")  # type: ignore[attr-defined]
        return PlainTextResponse("in")

    async def logout(request: Request) -> PlainTextResponse:
        request.session.clear()
        return PlainTextResponse("out")

    async def fail(request: Request) -> PlainTextResponse:
        request.session["cart"] = []
        raise KeyError("mine")

    async def later(request: Request) -> PlainTextResponse:
        return PlainTextResponse("", background=BackgroundTask(lambda: request.session["cart"].append(7)))

    routes = [Route(f"/{view.__name__}", view) for view in (add, login, logout, fail, later)]
    app = Starlette(routes=routes)
    app.add_middleware(Sessions, store=store, secret=SECRET)
    return app


def in_litestar(store: Any) -> Any:
    @litestar.get("/add")
    async def add(request: LitestarRequest[Any, Any, Any]) -> list[int]:
        request.session.setdefault("cart", []).append(1)
        cart: list[int] = request.session["cart"]
        return cart

    @litestar.get("/login")
    async def login(request: LitestarRequest[Any, Any, Any]) -> str:
        request.session.login("ann")  # type: ignore[attr-defined]
        return "in"

    @litestar.get("/logout")
    async def logout(request: LitestarRequest[Any, Any, Any]) -> str:
        request.clear_session()
        return "out"

    @litestar.get("/replace")
    async def replace(request: LitestarRequest[Any, Any, Any]) -> str:
        request.set_session({"cart": [5]})
        return ""

    @litestar.get("/fail")
    async def fail(request: LitestarRequest[Any, Any, Any]) -> None:
        request.session["cart"] = []
        raise KeyError("mine")

    sessions: Any = Sessions  # Litestar describes ASGI's messages by types of its own
    middleware = [DefineMiddleware(sessions, store=store, secret=SECRET)]
    return litestar.Litestar([add, login, logout, replace, fail], middleware=middleware)


apps = pytest.mark.parametrize("app_in", [in_fastapi, in_starlette, in_litestar])


@apps
def test_a_cart_is_kept_with_nested_changes(app_in: Any) -> None:
    browser = Browser(app_in(MemoryStore()))

    bodies = [run(browser.get("/add")).body for _ in range(3)]

    assert bodies == [b"[1]", b"[1,1]", b"[1,1,1]"]


@apps
def test_a_login_has_a_new_id_and_a_logout_ends_it(app_in: Any) -> None:
    store = MemoryStore()
    browser = Browser(app_in(store))
    run(browser.get("/add"))
    before = browser.cookies.header()
    run(browser.get("/login"))

    assert browser.cookies.header() != before
    assert run(browser.get("/add")).body == b"[1,1]"


def test_a_logout_of_fastapi_and_litestar_ends_it() -> None:
    for app_in in (in_fastapi, in_litestar):
        store = MemoryStore()
        browser = Browser(app_in(store))
        run(browser.get("/login"))

        run(browser.get("/logout"))

        assert browser.cookies.header() == ""
        assert len(store) == 0


@apps
def test_what_a_failed_handler_changed_is_dropped(app_in: Any) -> None:
    async def work() -> bytes:
        browser = Browser(app_in(MemoryStore()))
        await browser.get("/add")
        try:
            assert (await browser.get("/fail")).status == 500
        except KeyError as error:
            assert str(error) == "'mine'"  # noqa: PT017 - Starlette answers, and then raises for the server's log
        return (await browser.get("/add")).body

    assert run(work()) == b"[1,1]"


def test_a_background_task_may_change_the_session() -> None:
    browser = Browser(in_starlette(MemoryStore()))
    run(browser.get("/add"))
    run(browser.get("/later"))

    assert run(browser.get("/add")).body == b"[1,7,1]"


def test_litestar_may_put_a_dictionary_in_its_place() -> None:
    browser = Browser(in_litestar(MemoryStore()))
    run(browser.get("/add"))
    run(browser.get("/replace"))

    assert run(browser.get("/add")).body == b"[5,1]"
