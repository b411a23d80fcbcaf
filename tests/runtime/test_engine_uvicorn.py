"""What only the uvicorn engine does: connections handed over, idle ones judged one by one, uvicorn's logs."""

import os
import socket
import time

import pytest

from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon, answer, ask, connect, get, is_closed
from tests.waiting import until


def test_a_connection_that_somebody_else_accepted_is_served(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    daemon.load("main:app")
    worker = daemon.fork()
    worker.hear("READY=1")
    listener = daemon.listener()
    client = connect(listener)
    accepted = listener.accept()[0]

    worker.tell("CONNECTION=1", accepted.fileno())
    accepted.close()

    for _ in range(2):
        assert ask(client)[2] == str(worker.pid).encode()


def test_a_connection_handed_over_while_draining_is_answered_with_close(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    daemon.load("main:app")
    worker = daemon.fork()
    worker.hear("READY=1")
    held, given = socket.socketpair()
    worker.tell("CONNECTION=1", given.fileno())
    given.close()
    get(held, "/slow")
    until(lambda: "slow" in worker.out.text)
    worker.drain()
    client, given = socket.socketpair()

    worker.tell("CONNECTION=1", given.fileno())
    given.close()

    assert ask(client)[1]["connection"] == "close"
    assert answer(held)[0] == 200
    assert worker.exit_code() == 0


def test_what_waits_in_the_accept_queue_is_served(daemon: FakeDaemon) -> None:
    block = (
        "    if scope['path'] == '/block':\n        print('blocked')\n        import time; time.sleep(1)\n    path ="
    )
    daemon.write("main.py", apps.ASGI.replace("    path =", block))
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    first = connect(listener)
    get(first, "/block")
    until(lambda: "blocked" in worker.out.text)
    waiting = [connect(listener) for _ in range(10)]
    for client in waiting:
        get(client)

    worker.drain()

    for client in waiting:
        assert answer(client)[2] == str(worker.pid).encode()
    assert worker.exit_code() == 0


def test_a_connection_that_has_long_been_quiet_does_not_hold_up_the_drain(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    client = connect(listener)
    ask(client)
    quiet_since = time.monotonic()
    until(lambda: time.monotonic() - quiet_since > 3.1)

    worker.drain()
    drained = time.monotonic()

    assert worker.exit_code() == 0
    assert time.monotonic() - drained < 2.0


def test_a_connection_closes_as_soon_as_its_last_request_is_answered(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    client = connect(listener)
    get(client, "/slow")
    until(lambda: "slow" in worker.out.text)

    worker.drain()

    assert answer(client)[1]["connection"] == "close"
    until(lambda: is_closed(client))


def test_half_a_request_is_waited_for(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    clients = [connect(listener), connect(listener)]
    ask(clients[0])
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nHo")
    ask(connect(listener))

    worker.drain()
    start = time.monotonic()
    until(lambda: time.monotonic() - start > 3.5)

    for client in clients:
        client.sendall(b"st: x\r\n\r\n")
        assert answer(client)[1]["connection"] == "close"
    assert worker.exit_code() == 0


def test_requests_sent_in_a_row_are_all_answered(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    client = connect(listener)
    get(client, "/slow")
    until(lambda: "slow" in worker.out.text)
    worker.drain()

    get(client, "/a")
    get(client, "/b")

    file = client.makefile("rb").read()
    assert file.count(b"HTTP/1.1 200 OK") == 3
    assert file.count(b"connection: close") == 1


def test_a_body_that_nobody_reads_does_not_reset_the_response(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    client = connect(listener)
    ask(client)
    worker.drain()
    body = b"x" * 1_000_000
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))

    client.sendall(body)

    status, headers, _ = answer(client)
    assert (status, headers["connection"]) == (200, "close")
    client.close()
    assert worker.exit_code() == 0


def test_the_listener_is_closed_in_the_worker_when_it_drains(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    client = connect(listener)
    get(client, "/slow")
    until(lambda: "slow" in worker.out.text)
    inode = f"socket:[{os.fstat(listener.fileno()).st_ino}]"

    worker.drain()

    def held() -> list[str]:
        links = [f"/proc/{worker.pid}/fd/{fd}" for fd in os.listdir(f"/proc/{worker.pid}/fd")]
        return [link for link in links if os.path.lexists(link) and os.readlink(link) == inode]

    until(lambda: not held())


@pytest.mark.parametrize("missing", ["httptools", "uvloop"])
def test_without_the_fast_packages_drains_the_same(daemon: FakeDaemon, missing: str) -> None:
    daemon.write("sitecustomize.py", f"import sys\nsys.modules[{missing!r}] = None\n")
    daemon.env = {"PYTHONPATH": str(daemon.folder)}
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)
    used, unused = connect(listener), connect(listener)
    ask(used)
    worker.drain()

    assert ask(used)[1]["connection"] == "close"
    assert worker.exit_code() == 0
    assert is_closed(unused)


def test_uvicorns_announcements_are_dropped_and_the_apps_own_are_kept(daemon: FakeDaemon) -> None:
    log = "import logging; logging.getLogger('uvicorn.error').info('from the app'); 1/0\n    path = "
    daemon.write("main.py", apps.ASGI.replace("path = ", log, 1))
    listener = daemon.listener()
    worker = daemon.worker("main:app", listener)

    assert ask(connect(listener))[0] == 500

    until(lambda: "ZeroDivisionError" in worker.err.text)
    lines = worker.err.text.splitlines()
    assert lines[:3] == [
        "INFO:     from the app",
        "ERROR:    Exception in ASGI application",
        "Traceback (most recent call last):",
    ]
    assert "Waiting for application startup" not in worker.err.text
    assert "127.0.0.1" not in worker.out.text


def test_a_connection_that_idles_for_too_long_is_closed(daemon: FakeDaemon) -> None:
    shorter = "import mainstay.runtime.engine_uvicorn as engine\nengine.KEEP_ALIVE = 0.5\n"
    daemon.write("main.py", shorter + apps.ASGI)
    listener = daemon.listener()
    daemon.worker("main:app", listener)
    unused, client = connect(listener), connect(listener)

    assert ask(client)[0] == 200

    assert until(lambda: is_closed(client))
    assert not is_closed(unused)


def test_the_date_is_renewed(daemon: FakeDaemon) -> None:
    daemon.write("main.py", apps.ASGI)
    listener = daemon.listener()
    daemon.worker("main:app", listener)
    client = connect(listener)
    first = ask(client)[1]["date"]

    assert until(lambda: ask(client)[1]["date"] != first)
