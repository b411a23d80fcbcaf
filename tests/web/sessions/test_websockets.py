"""Sessions of websockets: the cookie comes with the handshake."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from mainstay.web.sessions import Sessions
from mainstay.web.sessions.stores.memory import MemoryStore
from tests.web.sessions.browser import SECRET
from tests.web.sessions.failing import FailingStore


def _cookie_of(websocket: WebSocketTestSession) -> str:
    headers: list[tuple[bytes, bytes]] = websocket.extra_headers or []
    return dict(headers)[b"set-cookie"].decode().partition(";")[0]


def _chat() -> Starlette:
    async def endpoint(websocket: WebSocket) -> None:
        websocket.session["visits"] = websocket.session.get("visits", 0) + 1
        await websocket.accept()
        await websocket.send_text(str(websocket.session["visits"]))
        websocket.session["last"] = await websocket.receive_text()
        await websocket.close()

    async def last(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"{request.session.get('visits')} {request.session.get('last')}")

    app = Starlette(routes=[WebSocketRoute("/ws", endpoint)])
    app.add_route("/last", last)
    return app


def test_a_websocket_has_the_session_and_its_cookie_comes_with_the_handshake() -> None:
    app = _chat()
    app.add_middleware(Sessions, store=MemoryStore(), secret=SECRET)
    client = TestClient(app)

    with client.websocket_connect("/ws") as websocket:
        assert websocket.receive_text() == "1"
        cookie = _cookie_of(websocket)
        websocket.send_text("hello")
        assert websocket.receive()["type"] == "websocket.close"

    headers = {"cookie": cookie}
    assert client.get("/last", headers=headers).text == "1 hello"


def test_a_websocket_is_refused_while_the_store_is_down() -> None:
    store = FailingStore()
    app = _chat()
    app.add_middleware(Sessions, store=store, secret=SECRET)
    client = TestClient(app)
    with client.websocket_connect("/ws") as websocket:
        websocket.receive_text()
        websocket.send_text("")
        cookie = _cookie_of(websocket)
    store.down = True

    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/ws", headers={"cookie": cookie}):
        pass

    assert closed.value.code == 1013
