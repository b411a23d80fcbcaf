import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from mainstay.runtime.access_lines import VARIABLE, with_lines
from mainstay.runtime.load import App, Loaded
from mainstay.runtime.messages import Interface

# Any: ASGI's and WSGI's dictionaries and callables.
Printed = Callable[[], str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """What was printed, with each time as N."""
    return lambda: re.sub(r"\d+ ms", "N ms", capsys.readouterr().out)


def asked(app: App, interface: Interface, how: str = "plain") -> App:
    return with_lines(Loaded(app, interface), {VARIABLE: how}).app


async def answers(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})


async def raises(_scope: Any, _receive: Any, _send: Any) -> None:
    raise ValueError("broken")


def call(app: App, **scope: object) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    whole = {"type": "http", "method": "GET", "path": "/a b", "query_string": b"x=1", **scope}
    asyncio.run(app(whole, None, send))
    return sent


def test_a_request_is_a_line(printed: Printed) -> None:
    sent = call(asked(answers, Interface.ASGI))

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert printed() == "GET /a%20b?x=1 404 N ms\n"


def test_what_raises_is_answered_with_500(printed: Printed) -> None:
    with pytest.raises(ValueError, match="broken"):
        call(asked(raises, Interface.ASGI), query_string=b"")

    assert printed() == "GET /a%20b 500 N ms\n"


def test_what_is_no_request_has_no_line(printed: Printed) -> None:
    call(asked(answers, Interface.ASGI), type="lifespan")

    assert printed() == ""


def test_the_status_has_a_colour_where_that_is_seen(printed: Printed) -> None:
    call(asked(answers, Interface.ASGI, "colour"))

    assert printed() == "GET /a%20b?x=1 \x1b[33m404\x1b[0m \x1b[2mN ms\x1b[0m\n"


def test_a_wsgi_request_is_a_line_when_its_response_is_closed(printed: Printed) -> None:
    def app(_environ: Any, start_response: Any) -> Any:
        start_response("201 Created", [])
        yield b"made"

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/x", "QUERY_STRING": ""}
    body = asked(app, Interface.WSGI)(environ, lambda *_: None)

    assert (b"".join(body), printed()) == (b"made", "")
    body.close()
    assert printed() == "POST /x 201 N ms\n"


def test_a_wsgi_app_that_raises_is_told(printed: Printed) -> None:
    def app(_environ: Any, _start_response: Any) -> Any:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asked(app, Interface.WSGI)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: None)

    assert printed() == "GET / 500 N ms\n"


def test_without_being_asked_the_app_is_as_it_was() -> None:
    assert with_lines(Loaded(answers, Interface.ASGI), {}).app is answers


def test_a_request_that_the_apps_own_log_tells_of_has_no_second_line(printed: Printed) -> None:
    async def logs(scope: Any, receive: Any, send: Any) -> None:
        scope["mainstay.logged"].append(True)
        await answers(scope, receive, send)

    def logs_too(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["mainstay.logged"].append(True)
        start_response("200 OK", [])
        return []

    call(asked(logs, Interface.ASGI))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    asked(logs_too, Interface.WSGI)(environ, lambda *_: None).close()

    assert printed() == ""
