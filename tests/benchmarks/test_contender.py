"""A site is a private copy of an app, and answers are taken over fresh connections."""

import socket

from benchmarks.contender import PORTS, App, Identity, Kind, free_port, get, staged, whoami
from tests.benchmarks.fake_server import BUSY, OK, FakeServer, always

IDENTITY = b'HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n{"pid": 12,"version": "good"}'


def test_a_free_port_is_below_the_ephemeral_ones_and_can_be_bound() -> None:
    port = free_port()

    with socket.create_server(("127.0.0.1", port)):
        assert port in PORTS


def test_a_release_replaces_the_app_and_the_folder_goes_with_the_block() -> None:
    with staged(App.DATABASE, 2) as site:
        before = site.file.read_text()
        site.release("broken/fails_at_import.py")
        after = site.file.read_text()

    assert "create_engine" in before
    assert "does not import" in after
    assert not site.folder.exists()


def test_a_node_site_is_called_server_js() -> None:
    with staged(App.HELLO, 1) as site:
        assert site.file.name == "server.js"
        assert App.HELLO.kind is Kind.NODE


def test_who_answers_is_asked_over_http() -> None:
    with FakeServer(always(IDENTITY)) as server:
        assert whoami(server.port) == Identity(12, "good")


def test_anything_but_a_whole_200_is_no_answer() -> None:
    with FakeServer(always(BUSY)) as busy, FakeServer(always(OK[:-1])) as short:
        assert get(busy.port, "/") is None
        assert get(short.port, "/", timeout=0.2) is None
    assert get(free_port(), "/") is None
