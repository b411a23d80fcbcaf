"""Draining: no request is lost, on either engine; what differs between them is in the engines' own tests."""

import signal
import socket
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_websocket

from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon, answer, ask, connect, get, is_closed
from tests.runtime.load_generator import Load
from tests.waiting import until


@pytest.mark.parametrize("source", [apps.ASGI, apps.WSGI], ids=["asgi", "wsgi"])
def test_no_request_is_lost_when_workers_replace_each_other_under_load(either: FakeDaemon, source: str) -> None:
    either.write("main.py", source)
    listener = either.listener()
    old = either.worker("main:app", listener)

    with Load(listener) as load:
        for _ in range(3):
            load.wait_for(old.pid)
            new = either.fork(listener)
            new.serve()
            old.drain()
            assert old.exit_code() == 0
            old = new
        load.wait_for(old.pid)

    assert load.lost == []
    assert len(load.answered) == 4


def test_no_request_is_lost_over_a_unix_socket(either: FakeDaemon, tmp_path: Path) -> None:
    either.write("main.py", apps.ASGI)
    path = tmp_path / "web.sock"
    listener = either.listener(path)
    old = either.worker("main:app", listener)

    with Load(listener, threads=4) as load:
        load.wait_for(old.pid)
        new = either.fork(listener)
        new.serve()
        old.drain()
        assert old.exit_code() == 0
        load.wait_for(new.pid)

    assert load.lost == []
    assert path.exists()


def test_nothing_is_answered_before_accept(either: FakeDaemon) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    either.load("main:app")
    worker = either.fork(listener)
    worker.hear("READY=1")
    early = connect(listener)
    get(early)
    early.settimeout(0.3)
    with pytest.raises(TimeoutError):
        early.recv(1)
    early.settimeout(60)

    worker.tell("ACCEPT=1")

    assert answer(early)[2] == str(worker.pid).encode()


def test_a_request_on_an_idle_connection_is_answered_with_close(either: FakeDaemon) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    worker = either.worker("main:app", listener)
    client = connect(listener)
    assert "connection" not in ask(client)[1]

    worker.drain()
    status, headers, _ = ask(client)

    assert (status, headers["connection"]) == (200, "close")
    until(lambda: is_closed(client))
    assert worker.exit_code() == 0


@pytest.mark.parametrize("request_first", [True, False], ids=["used", "unused"])
def test_an_idle_connection_is_closed_when_it_has_been_quiet_for_three_seconds(
    either: FakeDaemon, request_first: bool
) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    worker = either.worker("main:app", listener)
    client = connect(listener)
    other = connect(listener)
    ask(other)  # so that the first was accepted
    if request_first:
        ask(client)
    last = time.monotonic()

    worker.drain()
    until(lambda: is_closed(client))

    assert 2.9 < time.monotonic() - last < 6.0
    assert worker.exit_code() == 0


@pytest.mark.parametrize("source", [apps.ASGI, apps.WSGI], ids=["asgi", "wsgi"])
def test_a_request_in_progress_is_finished(either: FakeDaemon, source: str) -> None:
    either.write("main.py", source)
    listener = either.listener()
    worker = either.worker("main:app", listener)
    client = connect(listener)
    get(client, "/slow")
    until(lambda: "slow" in worker.out.text)

    worker.drain()

    assert answer(client)[0] == 200
    assert worker.exit_code() == 0


def test_a_streaming_response_is_finished(either: FakeDaemon) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    worker = either.worker("main:app", listener)
    client = connect(listener)
    get(client, "/stream")
    assert client.recv(15, socket.MSG_PEEK) == b"HTTP/1.1 200 OK"

    worker.drain()

    assert answer(client)[2] == b"".join(b"%d " % number for number in range(20)) + b"end"
    assert worker.exit_code() == 0


def test_a_websocket_lives_on_and_gets_1012_at_the_end(either: FakeDaemon) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    worker = either.worker("main:app", listener, stop_timeout=2.0)
    with connect_websocket(f"ws://127.0.0.1:{listener.getsockname()[1]}/") as client:
        worker.drain()
        client.send("still here")
        assert client.recv() == "still here"

        with pytest.raises(ConnectionClosed) as closed:
            client.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert worker.exit_code() == 0
    assert "lifespan.shutdown" in worker.out.text


@pytest.mark.parametrize("source", [apps.ASGI, apps.WSGI], ids=["asgi", "wsgi"])
def test_what_never_finishes_is_cut_off_before_sigkill_would_come(either: FakeDaemon, source: str) -> None:
    either.write("main.py", source)
    listener = either.listener()
    worker = either.worker("main:app", listener, stop_timeout=2.0)
    client = connect(listener)
    get(client, "/forever")
    until(lambda: "forever" in worker.out.text)
    start = time.monotonic()

    worker.kill(signal.SIGTERM)

    assert worker.exit_code() == 0
    assert 1.0 < time.monotonic() - start < 5.0
    until(lambda: is_closed(client) or client.recv(65536))


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_is_the_same_as_drain_and_a_second_one_changes_nothing(either: FakeDaemon, second: int) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    worker = either.worker("main:app", listener)
    client = connect(listener)
    get(client, "/slow")
    until(lambda: "slow" in worker.out.text)

    worker.kill(signal.SIGTERM)
    worker.hear("STOPPING=1")
    worker.kill(second)
    worker.tell("DRAIN=1")

    assert answer(client)[0] == 200
    assert worker.exit_code() == 0
    assert worker.said == ["READY=1", "STOPPING=1"]


def test_sigquit_ends_at_once(either: FakeDaemon) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    worker = either.worker("main:app", listener)
    client = connect(listener)
    get(client, "/forever")
    until(lambda: "forever" in worker.out.text)

    worker.kill(signal.SIGQUIT)

    assert worker.exit_code() == -signal.SIGQUIT


def test_a_daemon_that_is_gone_stops_nothing(either: FakeDaemon) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    worker = either.worker("main:app", listener)
    client = connect(listener)
    ask(client)

    worker.control.close()

    assert ask(client)[0] == 200
    worker.kill(signal.SIGTERM)
    assert worker.exit_code() == 0


def test_the_successor_takes_what_comes_after_the_drain_began(either: FakeDaemon) -> None:
    either.write("main.py", apps.ASGI)
    listener = either.listener()
    old = either.worker("main:app", listener)
    held = connect(listener)
    get(held, "/slow")
    until(lambda: "slow" in old.out.text)
    old.drain()
    late = connect(listener)
    get(late)

    new = either.fork(listener)
    new.serve()

    assert answer(late)[2] == str(new.pid).encode()
    assert answer(held)[2] == str(old.pid).encode()
    assert old.exit_code() == 0
