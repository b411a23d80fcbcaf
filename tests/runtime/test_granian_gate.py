"""The gate in front of a granian app."""

# An app takes what its interface gives it, needed or not.
# ruff: noqa: ARG001, ARG005

import asyncio
from types import SimpleNamespace
from typing import Any

from mainstay.runtime.granian_gate import AsgiGate, WsgiGate


class Proto(SimpleNamespace):
    """granian's protocol object: here it remembers what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
    await send({"type": "http.response.body", "body": b""})


def heads(gate: AsgiGate, version: str = "1.1") -> list[tuple[bytes, bytes]]:
    proto = Proto()
    asyncio.run(gate({"type": "http", "http_version": version}, proto))
    headers: list[tuple[bytes, bytes]] = proto.sent[0]["headers"]
    return headers


def test_nothing_is_added_before_the_drain() -> None:
    assert heads(AsgiGate(app, {})) == [(b"a", b"b")]


def test_a_response_closes_its_connection_while_draining() -> None:
    gate = AsgiGate(app, {})
    gate.begin_drain()

    assert (b"connection", b"close") in heads(gate)


def test_http_2_has_no_such_header() -> None:
    gate = AsgiGate(app, {})
    gate.begin_drain()

    assert heads(gate, "2") == [(b"a", b"b")]


def test_a_gate_is_quiet_some_time_after_the_last_request() -> None:
    gate = AsgiGate(app, {})
    gate.begin_drain()
    heads(gate)

    assert gate.is_quiet(0.0)
    assert not gate.is_quiet(60.0)


def test_a_wsgi_response_closes_its_connection_while_draining() -> None:
    heads: list[list[tuple[str, str]]] = []

    def wsgi(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("A", "b")])
        return []

    gate = WsgiGate(wsgi)
    gate({"SERVER_PROTOCOL": "HTTP/1.1"}, lambda status, headers: heads.append(headers))
    gate.begin_drain()
    gate({"SERVER_PROTOCOL": "HTTP/1.1"}, lambda status, headers, exc_info: heads.append(headers))

    assert heads == [[("A", "b")], [("A", "b"), ("Connection", "close")]]


def test_requests_are_counted_from_when_somebody_asks() -> None:
    answered: list[object] = []
    gate = WsgiGate(lambda environ, start: answered.append(environ))
    gate({"SERVER_PROTOCOL": "HTTP/1.1"}, None)
    assert gate.served() == 0

    for _ in range(3):
        gate({"SERVER_PROTOCOL": "HTTP/1.1"}, None)
    assert gate.served() == 3
    assert len(answered) == 4
