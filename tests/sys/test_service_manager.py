import os
import socket
import tempfile
from collections.abc import Iterator

import pytest

from mainstay.sys.service_manager import ServiceManager


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with tempfile.TemporaryDirectory(prefix="ms-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"{folder}/notify")
        sock.settimeout(10)
        yield sock


def manager(listener: socket.socket, **more: str) -> ServiceManager:
    return ServiceManager.of({"NOTIFY_SOCKET": listener.getsockname(), **more})


def heard(listener: socket.socket) -> str:
    return listener.recv(4096).decode()


def test_what_is_said_is_what_a_service_manager_understands(listener: socket.socket) -> None:
    ours = manager(listener)
    ours.ready()
    ours.reloading()
    ours.stopping()

    assert heard(listener) == "READY=1"
    assert heard(listener).startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard(listener) == "STOPPING=1"


def test_a_status_is_one_line_and_said_once(listener: socket.socket) -> None:
    ours = manager(listener)
    ours.status("2 of 3\nonline")
    ours.status("2 of 3 online")
    ours.stopping()

    assert (heard(listener), heard(listener)) == ("STATUS=2 of 3 online", "STOPPING=1")


def test_the_watchdog_is_fed_no_more_often_than_it_wants(listener: socket.socket) -> None:
    ours = manager(listener, WATCHDOG_USEC="60000000", WATCHDOG_PID=str(os.getpid()))
    ours.alive()
    ours.alive()
    ours.stopping()

    assert ours.period == 60
    assert (heard(listener), heard(listener)) == ("WATCHDOG=1", "STOPPING=1")


def test_a_watchdog_of_another_process_is_not_fed(listener: socket.socket) -> None:
    assert manager(listener, WATCHDOG_USEC="1000000", WATCHDOG_PID="1").period == 0


def test_the_variables_are_taken_out_of_the_environment(listener: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": listener.getsockname(), "WATCHDOG_USEC": "1", "WATCHDOG_PID": "2", "PATH": "/bin"}
    ServiceManager.of(environ)

    assert environ == {"PATH": "/bin"}


def test_without_a_service_manager_nothing_is_said() -> None:
    ServiceManager.of({}).ready()
    ServiceManager.of({"NOTIFY_SOCKET": "/nonexistent/notify"}).ready()


def test_an_abstract_address_is_written_with_an_at_sign() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0mainstay-test-{os.getpid()}")
        sock.settimeout(10)
        ServiceManager(f"@mainstay-test-{os.getpid()}").ready()

        assert heard(sock) == "READY=1"
