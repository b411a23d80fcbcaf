import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.client.home import socket_path
from mainstay.client.pulse import Pulse
from tests.cli.fake_daemon import FakeDaemon, row


@pytest.fixture
def home() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        yield folder


def test_a_daemon_that_comes_back_is_asked_again(home: str) -> None:
    pulse = Pulse(socket_path(home))
    with FakeDaemon(home, greeting={"pid": 11}) as first:
        first.rows(row("web-0"))
        before = pulse.rows()
    between = pulse.rows()
    silent = pulse.silent_for
    with FakeDaemon(home, greeting={"pid": 22}):
        after = pulse.rows()
        pulse.close()

    assert ([one["slot"] for one in before or []], between, after) == (["web-0"], None, [])
    assert silent > 0
    assert (pulse.silent_for, pulse.pid) == (0.0, 22)


def test_nothing_is_measured_for_it(home: str) -> None:
    with FakeDaemon(home) as daemon:
        pulse = Pulse(socket_path(home))
        pulse.rows()
        pulse.close()

        assert daemon.asked("list") == [{"measure": False}]


def test_a_daemon_that_does_not_react_is_none(home: str) -> None:
    with FakeDaemon(home) as daemon:
        daemon.answers["list"] = lambda _args: iter([])
        pulse = Pulse(socket_path(home), timeout=0.3)

        assert pulse.rows() is None
        pulse.close()


def test_a_socket_that_nobody_takes_connections_from_is_none(home: str) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(os.path.join(home, "daemon.sock"))
        silent.listen()

        assert Pulse(str(Path(home) / "daemon.sock"), timeout=0.3).rows() is None
