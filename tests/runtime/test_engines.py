"""The engines by name, each with the apps that people write."""

import pytest

from mainstay.runtime.borrowed import MissingPackage
from mainstay.runtime.engines import check
from mainstay.runtime.messages import Engine, Interface
from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon, answer, ask, connect


def test_a_fastapi_app_is_served_by_a_forked_worker(either: FakeDaemon) -> None:
    either.write("main.py", apps.FASTAPI)
    listener = either.listener()
    either.worker("main:app", listener)

    status, headers, body = ask(connect(listener), "/items/7")

    assert (status, body) == (200, b'{"number":7,"word":"started"}')
    assert headers["content-type"] == "application/json"


def test_a_flask_factory_is_served_by_a_forked_worker(either: FakeDaemon) -> None:
    either.write("main.py", apps.FLASK)
    listener = either.listener()
    either.worker("main:create_app(greeting='hi')", listener)
    client = connect(listener)

    assert ask(client)[2] == b"hi"

    form = "name=Ada+L"
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}"
    )
    client.sendall(f"{head}\r\n\r\n{form}".encode())

    assert answer(client)[2] == b"Ada L"


@pytest.mark.parametrize("target", ["main:application", "main:asgi"])
def test_a_django_app_is_served_by_a_forked_worker(either: FakeDaemon, target: str) -> None:
    either.write("main.py", apps.DJANGO)
    listener = either.listener()
    either.worker(target, listener)

    assert ask(connect(listener), "/hello?name=x")[2] == b"django x"


def test_wsgi_on_uvicorn_needs_its_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.runtime.borrowed.find_spec", lambda _name: None)

    with pytest.raises(MissingPackage, match="a2wsgi is not installed"):
        check(Engine.UVICORN, Interface.WSGI)
    check(Engine.UVICORN, Interface.ASGI)
    check(Engine.GRANIAN, Interface.WSGI)
