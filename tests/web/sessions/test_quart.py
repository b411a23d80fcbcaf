"""Sessions in a real Quart app."""

from typing import Any

import quart
from quart.typing import TestClientProtocol

from mainstay.web.sessions.quart import install
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import SECRET, run
from tests.web.sessions.failing import FailingStore


def shop(store: Any, **options: Any) -> TestClientProtocol:
    app = quart.Quart("shop")
    install(app, store=store, secret=SECRET, **options)

    @app.get("/add/<name>")
    async def add(name: str) -> str:
        quart.session.setdefault("cart", []).append(name)
        quart.session.modified = True
        return ",".join(quart.session["cart"])

    @app.get("/login/<user>")
    async def login(user: str) -> str:
        quart.session.permanent = True
        quart.session.login(user)  # type: ignore[attr-defined]
        await quart.flash("welcome")
        return str(quart.session.new)

    @app.get("/logout")
    async def logout() -> str:
        quart.session.logout()  # type: ignore[attr-defined]
        return ""

    @app.get("/who")
    async def who() -> str:
        return f"{quart.session.user} {quart.get_flashed_messages()}"  # type: ignore[attr-defined]

    @app.websocket("/ws")
    async def ws() -> None:
        quart.session["socket"] = quart.session.get("socket", 0) + 1
        await quart.websocket.accept()
        await quart.websocket.send(str(quart.session["socket"]))

    return app.test_client()


def test_a_cart_is_kept() -> None:
    async def work() -> list[str]:
        client = shop(MemoryStore())
        return [await (await client.get(f"/add/{name}")).get_data(as_text=True) for name in ("tea", "milk")]

    assert run(work()) == ["tea", "tea,milk"]


def test_login_flash_and_logout() -> None:
    async def work() -> None:
        store = MemoryStore()
        client = shop(store)
        assert await (await client.get("/login/ann")).get_data(as_text=True) == "True"
        assert await (await client.get("/who")).get_data(as_text=True) == "ann ['welcome']"
        assert await (await client.get("/who")).get_data(as_text=True) == "ann []"

        response = await client.get("/logout")

        assert "Max-Age=0" in response.headers["Set-Cookie"]
        assert len(store) == 0

    run(work())


def test_a_websocket_has_the_session() -> None:
    async def work() -> str:
        client = shop(MemoryStore())
        await client.get("/add/tea")
        async with client.websocket("/ws") as websocket:
            return str(await websocket.receive())

    assert run(work()) == "1"


def test_a_store_that_is_down_is_a_503() -> None:
    async def work() -> int:
        store = FailingStore()
        client = shop(store)
        await client.get("/add/tea")
        store.down = True
        return (await client.get("/who")).status_code

    assert run(work()) == 503
