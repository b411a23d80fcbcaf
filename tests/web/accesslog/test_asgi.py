"""The access log around ASGI apps: by hand, under real servers, in real frameworks."""

import asyncio
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from mainstay.web.accesslog import AccessLog, Exchange, FormatError, request_id, trace_id
from mainstay.web.proxy import ProxyMiddleware, TrustedProxies

# Any: ASGI's dictionaries and callables are open.
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
    await send({"type": "http.response.body", "body": b"hello ", "more_body": True})
    await send({"type": "http.response.body", "body": b"world"})


def request(*headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/a b",
        "raw_path": b"/a%20b",
        "query_string": b"x=1",
        "scheme": "http",
        "client": ("192.0.2.7", 5000),
        "headers": [(b"host", b"a.example"), *headers],
        **more,
    }


def call(app: Any, scope: dict[str, Any], *received: dict[str, Any]) -> list[Any]:
    """What the app sent; `received` is what it is given, one after the other."""
    sent: list[Any] = []
    waiting = [*received]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def lines(app: Any, scope: dict[str, Any], *received: dict[str, Any], **options: Any) -> list[str]:
    """What is logged of one request."""
    out = io.StringIO()
    call(AccessLog(app, to=out, **options), scope, *received)
    return out.getvalue().splitlines()


def test_the_bytes_that_were_sent_are_counted_and_the_path_is_the_one_of_the_request_line() -> None:
    assert lines(hello, request(), format=":method :url :status :bytes :res[content-length]") == [
        "GET /a%20b?x=1 200 11 99"
    ]


def test_combined_is_what_production_gets_and_dev_what_everybody_else_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = (b"user-agent", b"curl/8")
    monkeypatch.setenv("APP_ENV", "production")
    (combined,) = lines(hello, request(agent))
    monkeypatch.setenv("APP_ENV", "development")
    (dev,) = lines(hello, request(agent))

    assert re.fullmatch(r'192\.0\.2\.7 - - \[.{26}\] "GET /a%20b\?x=1 HTTP/1\.1" 200 11 "-" "curl/8"', combined)
    assert re.fullmatch(r"GET /a%20b\?x=1 200 \d+\.\d{3} ms - 11", dev)


def test_a_format_is_checked_when_it_is_made() -> None:
    with pytest.raises(FormatError, match=r":methd; :method is one"):
        AccessLog(hello, format=":methd :url")
    with pytest.raises(FormatError, match="no format is called 'combind'"):
        AccessLog(hello, format="combind")


def test_an_app_that_raises_before_it_answers_has_a_line_with_500_and_the_exception_goes_on() -> None:
    async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
        raise LookupError("no")

    out = io.StringIO()
    with pytest.raises(LookupError):
        call(AccessLog(broken, to=out, format=":status :completed"), request())

    assert out.getvalue() == "500 +\n"


def test_an_app_that_raises_in_the_middle_has_cut_its_response() -> None:
    async def broken(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError("no")

    out = io.StringIO()
    with pytest.raises(LookupError):
        call(AccessLog(broken, to=out, format=":status :bytes :completed"), request())

    assert out.getvalue() == "200 4 X\n"


def test_a_client_that_leaves_before_the_end_is_told_from_one_that_stays() -> None:
    async def long(_scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.body", "body": b"two"})

    assert lines(long, request(), {"type": "http.disconnect"}, format=":status :bytes :completed") == ["200 3 X"]
    assert lines(hello, request(), format=":completed") == ["+"]
    assert lines(hello, request((b"connection", b"close")), format=":completed") == ["-"]
    assert lines(hello, request(http_version="1.0"), format=":completed") == ["-"]


def test_a_line_may_be_written_when_the_request_comes() -> None:
    order: list[str] = []

    class Out:
        def write(self, text: str) -> None:
            order.append(text)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        order.append("app")
        await hello(scope, receive, send)

    text = ":method :status :response-time :res[content-length]"
    call(AccessLog(app, to=Out(), immediate=True, format=text), request())

    assert order == ["GET - - -\n", "app"]


def test_every_request_has_an_id_in_the_context_the_response_and_the_line() -> None:
    seen: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((request_id.get(), trace_id.get()))
        await hello(scope, receive, send)

    out = io.StringIO()
    traceparent = (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())
    sent = call(AccessLog(app, to=out, format=":request-id :trace-id"), request(traceparent))
    ((identity, trace),) = seen

    assert UUID7.fullmatch(identity)
    assert trace == TRACE
    assert (b"x-request-id", identity.encode()) in sent[0]["headers"]
    assert out.getvalue() == f"{identity} {TRACE}\n"
    assert request_id.get() == trace_id.get() == ""


@pytest.mark.parametrize(
    ("offered", "proxies", "taken"),
    [
        (b"abc.DEF-1_2", TrustedProxies("192.0.2.0/24"), True),
        (b"abc.DEF-1_2", TrustedProxies(), False),
        (b"a b", TrustedProxies("192.0.2.0/24"), False),
        (b"a" * 129, TrustedProxies("192.0.2.0/24"), False),
    ],
)
def test_an_id_is_taken_over_only_from_a_proxy_that_is_trusted_and_only_a_harmless_one(
    offered: bytes, proxies: TrustedProxies, taken: bool
) -> None:
    (line,) = lines(hello, request((b"x-request-id", offered)), format=":request-id", proxies=proxies)

    assert (line == offered.decode()) is taken
    assert taken or UUID7.fullmatch(line)


def test_the_address_is_the_clients_past_trusted_proxies() -> None:
    forwarded = request((b"x-forwarded-for", b"198.51.100.1"))
    trusted = TrustedProxies("192.0.2.0/24")
    inside = AccessLog(hello, to=(out := io.StringIO()), format=":remote-addr")
    call(ProxyMiddleware(inside, proxies=trusted), dict(forwarded))

    assert out.getvalue() == "198.51.100.1\n"
    assert lines(hello, dict(forwarded), format=":remote-addr", proxies=trusted) == ["198.51.100.1"]
    assert lines(hello, dict(forwarded), format=":remote-addr") == ["192.0.2.7"]
    assert lines(hello, request(client=None), format=":remote-addr") == ["-"]


def test_a_websocket_is_one_line() -> None:
    async def echo(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async def refuses(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 1000})

    socket = request(type="websocket")
    comes, goes = {"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}

    assert lines(echo, dict(socket), comes, goes, format=":method :url :status :completed") == ["GET /a%20b?x=1 101 +"]
    assert lines(refuses, dict(socket), comes, format=":status") == ["403"]


def test_a_lifespan_is_passed_on_and_has_no_line() -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    assert lines(app, {"type": "lifespan"}) == []
    assert seen == ["lifespan"]


def test_several_loggers_each_write_what_they_are_for() -> None:
    everything, failures = io.StringIO(), io.StringIO()

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        status = 500 if scope["path"] == "/broken" else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body"})

    def fine(exchange: Exchange) -> bool:
        return exchange.status < 500

    both = AccessLog(AccessLog(app, to=failures, format=":url", skip=fine), to=everything, format=":status")
    call(both, request(raw_path=b"/broken", path="/broken"))
    call(both, request(raw_path=b"/fine", path="/fine"))

    assert failures.getvalue() == "/broken?x=1\n"
    assert everything.getvalue() == "500\n200\n"


def test_a_function_may_write_the_line_as_text_as_an_object_or_not_at_all() -> None:
    def text(tokens: Any, exchange: Exchange) -> str:
        return f"{tokens['method'](exchange)} {tokens['req'](exchange, 'x')}"

    def mapping(_tokens: Any, exchange: Exchange) -> dict[str, object]:
        return {"status": exchange.status, "url": exchange.url}

    forged = request((b"x", b'a"\nb'))

    assert lines(hello, dict(forged), format=text) == ['GET a\\"\\nb']
    assert [json.loads(line) for line in lines(hello, request(), format=mapping)] == [
        {"status": 200, "url": "/a%20b?x=1"}
    ]
    assert lines(hello, request(), format=lambda _tokens, _exchange: None) == []


def test_a_token_of_ones_own_that_raises_costs_a_dash_and_one_message(caplog: pytest.LogCaptureFixture) -> None:
    def bad(_exchange: Exchange) -> str:
        raise ZeroDivisionError("oh")

    out = io.StringIO()
    app = AccessLog(hello, to=out, format=":bad :own[x] :none", tokens={"bad": bad, "own": _own, "none": lambda _: 0})
    call(app, request())
    call(app, request())

    assert out.getvalue() == "- x:200 -\n" * 2
    assert [record.getMessage() for record in caplog.records] == [":bad of the access log raised ZeroDivisionError: oh"]


def _own(exchange: Exchange, argument: str) -> str:
    return f"{argument}:{exchange.status}"


def test_the_json_format_has_names_and_types_and_hides_what_it_must() -> None:
    hidden = request((b"authorization", b"Basic YTpi"), (b"x-own", b"1"), query_string=b"token=abc&y=2")
    options: dict[str, Any] = {"headers": ["authorization", "x-own"], "response_headers": ["content-length"]}
    (line,) = lines(hello, hidden, format="json", **options)
    found = json.loads(line)

    assert (found["status"], found["bytes"], found["completed"]) == (200, 11, "+")
    assert found["query"] == "token=[REDACTED]&y=2"
    assert found["headers"] == {"authorization": "[REDACTED]", "x-own": "1"}
    assert found["response_headers"] == {"content-length": "99"}
    assert found["remote_user"] == "a"
    assert isinstance(found["duration_ms"], float)
    assert UUID7.fullmatch(found["request_id"])


Framework = Callable[[Any], tuple[Any, str]]


def _starlette(out: Any) -> tuple[Any, str]:
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def page(_request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"id {request_id.get()}")

    return Starlette(routes=[Route("/page", page)], middleware=[Middleware(AccessLog, to=out, format="json")]), "/page"


def _fastapi(out: Any) -> tuple[Any, str]:
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/page")
    def page() -> str:  # in a thread: the context comes along
        return f"id {request_id.get()}"

    app.add_middleware(AccessLog, to=out, format="json")
    return app, "/page"


def _litestar(out: Any) -> tuple[Any, str]:
    from litestar import Litestar, get
    from litestar.middleware import DefineMiddleware

    around: Any = AccessLog  # Litestar's own, narrower types of ASGI

    @get("/page", sync_to_thread=True)
    def page() -> str:
        return f"id {request_id.get()}"

    return Litestar([page], middleware=[DefineMiddleware(around, to=out, format="json")]), "/page"


def _quart(out: Any) -> tuple[Any, str]:
    from quart import Quart

    app = Quart("quarted")

    @app.get("/page")
    async def page() -> str:
        return f"id {request_id.get()}"

    app.asgi_app = AccessLog(app.asgi_app, to=out, format="json")  # type: ignore[method-assign]
    return app, "/page"


@pytest.mark.parametrize("framework", [_starlette, _fastapi, _litestar, _quart])
def test_it_goes_around_an_app_of_any_framework(framework: Framework) -> None:
    import httpx

    out = io.StringIO()
    app, path = framework(out)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a.example") as client:
            return await client.get(path)

    answer = asyncio.run(ask())
    (line,) = out.getvalue().splitlines()
    found = json.loads(line)

    assert (found["status"], found["path"], found["bytes"]) == (200, path, len(answer.content))
    assert found["request_id"] == answer.headers["x-request-id"]
    assert found["request_id"] in answer.text
