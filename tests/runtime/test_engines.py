"""The engines by name, each with the apps that people write."""

from pathlib import Path

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

    monkeypatch.setenv("MAINSTAY_TRUSTED_PROXY", "loopback")

    with pytest.raises(MissingPackage, match="a2wsgi is not installed"):
        check(Engine.GRANIAN, Interface.WSGI)
    check(Engine.GRANIAN, Interface.ASGI)


FORGED = (
    *("X-Forwarded-For: 6.6.6.6", "X_Forwarded_For: 127.0.0.1"),
    *("X-Forwarded-For: 192.0.2.1", "X_Forwarded_For: 6.6.6.7"),
    *("X-Forwarded-Proto: https", "X_Forwarded_Proto: http", "Forwarded: for=127.0.0.1;proto=http;host=evil.example"),
)
"""What a client sends, and among it what its proxy adds: 192.0.2.1 and https."""


@pytest.mark.parametrize("source", [apps.CLIENT_ASGI, apps.CLIENT_WSGI], ids=["asgi", "wsgi"])
@pytest.mark.parametrize("preload", [True, False], ids=["forked", "cold"])
def test_behind_a_trusted_proxy_the_app_sees_the_client_on_either_engine(
    either: FakeDaemon, source: str, preload: bool, tmp_path: Path
) -> None:
    either.env["MAINSTAY_TRUSTED_PROXY"] = "loopback, unix"
    either.write("main.py", source)
    listeners = either.listener(), either.listener(tmp_path / "web.sock")
    if preload:
        either.worker("main:app", *listeners)
    else:
        either.start_cold("main:app", *listeners).serve()

    for listener in listeners:
        head = "\r\n".join(["GET / HTTP/1.1", "Host: shop.example", *FORGED])
        client = connect(listener)
        client.sendall(f"{head}\r\n\r\n".encode())

        assert answer(client)[2] == b"192.0.2.1 https shop.example"


@pytest.mark.parametrize("source", [apps.CLIENT_ASGI, apps.CLIENT_WSGI], ids=["asgi", "wsgi"])
def test_without_the_key_nobody_is_believed_on_either_engine(either: FakeDaemon, source: str) -> None:
    either.write("main.py", source)
    listener = either.listener()
    either.worker("main:app", listener)
    client = connect(listener)
    client.sendall("\r\n".join(["GET / HTTP/1.1", "Host: shop.example", *FORGED, "", ""]).encode())

    assert answer(client)[2] == b"127.0.0.1 http shop.example"
