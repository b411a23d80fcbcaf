"""Both dialects, over a real socketpair."""

import json
import os
import socket

import pytest

from mainstay.runtime.control import TemplateSide, WorkerSide, one_line
from mainstay.runtime.messages import (
    Accept,
    Cold,
    Connection,
    Drain,
    Engine,
    Failed,
    Fork,
    Forked,
    ForkFailed,
    Imported,
    Interface,
    Limits,
    Load,
    Place,
    TemplateReply,
)
from mainstay.sys.fds import send_with_fds, socketpair_seqpacket

LOAD = {
    "type": "load",
    "app": "web",
    "target": "shop:app",
    "engine": "granian",
    "interface": "wsgi",
    "threads": 4,
    "stop_timeout": 3,
    "preload": False,
}


@pytest.fixture
def pair() -> tuple[socket.socket, socket.socket]:
    return socketpair_seqpacket()


Pair = tuple[socket.socket, socket.socket]


def test_load_is_read(pair: Pair) -> None:
    pair[0].send(json.dumps(LOAD).encode())

    assert TemplateSide(pair[1]).receive() == Load("web", "shop:app", Engine.GRANIAN, Interface.WSGI, 4, 3.0, False)


def test_fork_comes_with_its_descriptors(pair: Pair) -> None:
    message = {"type": "fork", "token": "web-0@7", "slot": 0, "generation": 7, "env": {"A": "1"}}
    send_with_fds(pair[0], json.dumps(message).encode(), [0, 1, 2, 0])

    fork = TemplateSide(pair[1]).receive()

    assert isinstance(fork, Fork)
    assert fork.place == Place("web-0@7", 0, 7)
    assert fork.place.name == "web-0"
    assert fork.env == {"A": "1"}
    assert len(fork.listeners) == 1
    for fd in fork.descriptors:
        os.close(fd)


def test_an_unknown_message_is_skipped_and_its_descriptors_are_closed(pair: Pair) -> None:
    before = len(os.listdir("/proc/self/fd"))
    send_with_fds(pair[0], b'{"type": "later"}', [0])
    pair[0].send(json.dumps(LOAD).encode())

    assert isinstance(TemplateSide(pair[1]).receive(), Load)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_end_is_none(pair: Pair) -> None:
    pair[0].close()

    assert TemplateSide(pair[1]).receive() is None
    assert WorkerSide(pair[1]).receive() is None
    assert WorkerSide(pair[1]).receive_serve() is None


@pytest.mark.parametrize(
    ("reply", "fields"),
    [
        (Imported(Interface.ASGI, 1.23456), {"type": "imported", "interface": "asgi", "seconds": 1.235}),
        (Cold(Interface.WSGI, "a thread"), {"type": "cold", "interface": "wsgi", "reason": "a thread"}),
        (Failed("no\nmodule", "hint"), {"type": "failed", "error": "no module", "hint": "hint"}),
        (Forked("web-0@7", 12), {"type": "forked", "token": "web-0@7", "pid": 12}),
        (ForkFailed("web-0@7", "EAGAIN"), {"type": "fork-failed", "token": "web-0@7", "error": "EAGAIN"}),
    ],
)
def test_replies_are_json(pair: Pair, reply: TemplateReply, fields: dict[str, object]) -> None:
    TemplateSide(pair[0]).send(reply)

    assert json.loads(pair[1].recv(65536)) == fields


def test_a_worker_is_told_in_lines(pair: Pair) -> None:
    send_with_fds(pair[0], b"ACCEPT=1\nUNKNOWN=2\nCONNECTION=1\nDRAIN=1", [0])

    requests = WorkerSide(pair[1]).receive()

    assert requests is not None
    accept, connection, drain = requests
    assert (accept, drain) == (Accept(), Drain())
    assert isinstance(connection, Connection)
    os.close(connection.fd)


def test_a_worker_speaks_in_lines(pair: Pair) -> None:
    side = WorkerSide(pair[1])
    side.ready()
    side.status("importing\nthings")
    side.stopping()
    side.error("bad")

    assert [pair[0].recv(100) for _ in range(4)] == [
        b"READY=1",
        b"STATUS=importing things",
        b"STOPPING=1",
        b"ERROR=bad",
    ]


def test_speaking_to_a_daemon_that_is_gone_does_nothing(pair: Pair) -> None:
    pair[0].close()

    WorkerSide(pair[1]).ready()


def test_a_cold_worker_is_first_told_everything(pair: Pair) -> None:
    fields = {**LOAD, "type": "serve", "token": "web-1@2", "slot": 1, "generation": 2}
    send_with_fds(pair[0], json.dumps(fields).encode(), [0, 1])

    serve = WorkerSide(pair[1]).receive_serve()

    assert serve is not None
    assert serve.load.target == "shop:app"
    assert serve.place == Place("web-1@2", 1, 2)
    assert len(serve.listeners) == 2
    for fd in serve.listeners:
        os.close(fd)


def test_a_line_is_cut_to_fit_a_message() -> None:
    assert len(one_line("x" * 100_000)) < 65536


def test_limits_come_in_one_message_and_what_is_no_number_is_skipped(pair: Pair) -> None:
    pair[0].send(b"WATCHDOG_USEC=1500000\nMAX_REQUESTS=90\nCOLOUR=1")
    pair[0].send(b"MAX_REQUESTS=many")

    side = WorkerSide(pair[1])
    assert side.receive() == [Limits(1.5, 90)]
    assert side.receive() == []


def test_a_worker_says_that_it_lives_and_how_many_requests_it_has_answered(pair: Pair) -> None:
    side = WorkerSide(pair[1])
    side.alive()
    side.served(12)

    assert pair[0].recv(100) == b"WATCHDOG=1"
    assert pair[0].recv(100) == b"REQUESTS=12"
