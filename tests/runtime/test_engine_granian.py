"""What only the granian engine does."""

import os
import socket
from pathlib import Path

import pytest

from tests.runtime import apps
from tests.runtime.fake_daemon import FakeDaemon, ask, connect, get
from tests.waiting import until


@pytest.fixture
def granian(tmp_path: Path) -> FakeDaemon:
    return FakeDaemon(tmp_path, engine="granian")


def test_several_listeners_are_served_by_one_worker(granian: FakeDaemon, tmp_path: Path) -> None:
    with granian as daemon:
        daemon.write("main.py", apps.ASGI)
        listeners = [daemon.listener(), daemon.listener(), daemon.listener(tmp_path / "web.sock")]
        worker = daemon.worker("main:app", *listeners)

        assert {ask(connect(listener))[2] for listener in listeners} == {str(worker.pid).encode()}


def test_a_connection_that_is_handed_over_is_refused(granian: FakeDaemon) -> None:
    with granian as daemon:
        daemon.write("main.py", apps.ASGI)
        worker = daemon.worker("main:app")
        ours, theirs = socket.socketpair()

        worker.tell("CONNECTION=1", theirs.fileno())
        theirs.close()

        assert ours.recv(1) == b""
        until(lambda: "granian cannot serve a connection that was handed over" in worker.err.text)


def test_the_listener_is_taken_from_the_worker_when_it_drains(granian: FakeDaemon) -> None:
    with granian as daemon:
        daemon.write("main.py", apps.ASGI)
        listener = daemon.listener()
        worker = daemon.worker("main:app", listener)
        client = connect(listener)
        get(client, "/slow")
        until(lambda: "slow" in worker.out.text)

        worker.drain()

        links = [os.readlink(f"/proc/{worker.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{worker.pid}/fd")]
        assert f"socket:[{os.fstat(listener.fileno()).st_ino}]" not in links


def test_an_app_that_fails_is_answered_with_500_and_shown(granian: FakeDaemon) -> None:
    with granian as daemon:
        daemon.write("main.py", apps.ASGI.replace('path = scope["path"]', "1 / 0"))
        listener = daemon.listener()
        worker = daemon.worker("main:app", listener)

        assert ask(connect(listener))[0] == 500
        until(lambda: "ZeroDivisionError" in worker.err.text)
