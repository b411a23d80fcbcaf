import gc
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mainstay.daemon.listeners import CannotBind, HandOver, Listeners
from mainstay.daemon.reactor import Reactor
from mainstay.model.spec import Bind, TcpBind, UnixBind
from mainstay.sys import reuseport
from mainstay.sys.fdstore import FdStore
from tests.daemon.turning import turned
from tests.servers.process import free_port

LOCAL = "127.0.0.1"
ANY = TcpBind(LOCAL, 0)


@pytest.fixture
def reactor() -> Reactor:
    return Reactor()


@pytest.fixture
def listeners(reactor: Reactor) -> Iterator[Listeners]:
    found = Listeners(reactor, FdStore())
    yield found
    found.close("web")


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def connected(port: int) -> socket.socket:
    return socket.create_connection((LOCAL, port), 10)


def fds() -> int:
    gc.collect()  # what earlier tests left must not go away while we count
    return len(os.listdir("/proc/self/fd"))


def accepting(taken: list[int]) -> HandOver:
    """Takes every connection."""

    def hand_over(sock: socket.socket) -> bool:
        taken.append(sock.fileno())
        return True

    return hand_over


def refusal(listeners: Listeners, *binds: Bind) -> CannotBind:
    with pytest.raises(CannotBind) as refused:
        listeners.listen("web", binds, 1)
    return refused.value


def test_an_address_is_told_with_its_real_port(listeners: Listeners) -> None:
    (address,) = listeners.listen("web", (ANY,), 1)

    with connected(port_of(address)) as sock:
        assert sock.getpeername() == (LOCAL, port_of(address))


def test_a_slot_has_two_listeners_for_each_address_and_a_worker_gets_one(listeners: Listeners, tmp_path: Path) -> None:
    listeners.listen("web", (ANY, UnixBind(str(tmp_path / "web.sock"))), 2)

    found = [listeners.descriptors("web", index) for index in range(4)]
    assert [len(fds) for fds in found] == [2] * 4
    assert len({tcp for tcp, _ in found}) == 4
    assert len({unix for _, unix in found}) == 1


def test_an_app_without_addresses_gives_its_workers_nothing(listeners: Listeners) -> None:
    assert listeners.listen("web", (), 4) == ()
    assert listeners.descriptors("web", 7) == []


def test_more_slots_get_more_listeners_of_the_same_port(listeners: Listeners) -> None:
    before = listeners.listen("web", (ANY,), 1)
    first = listeners.descriptors("web", 0)

    assert listeners.listen("web", (ANY,), 3) == before
    assert listeners.descriptors("web", 0) == first
    assert len({listeners.descriptors("web", index)[0] for index in range(6)}) == 6


@pytest.mark.skipif(not reuseport.supports_steering(), reason="this kernel cannot steer")
def test_new_connections_go_where_they_are_steered(listeners: Listeners) -> None:
    (address,) = listeners.listen("web", (ANY,), 2)
    listeners.steer("web", {2: 1, 9: 5})

    with closing(connected(port_of(address))):
        chosen = socket.socket(fileno=os.dup(listeners.descriptors("web", 2)[0]))
        chosen.setblocking(True)
        chosen.settimeout(10)
        with chosen:
            chosen.accept()[0].close()


def test_what_arrives_at_a_tended_listener_is_handed_over(listeners: Listeners, reactor: Reactor) -> None:
    (address,) = listeners.listen("web", (ANY,), 1)
    taken: list[bytes] = []

    def hand_over(sock: socket.socket) -> bool:
        taken.append(sock.recv(5))
        return True

    listeners.tend("web", frozenset({0, 1}), hand_over)
    with connected(port_of(address)) as client:
        client.sendall(b"hello")
        turned(reactor, lambda: taken)

    assert taken == [b"hello"]


def test_a_connection_that_no_worker_takes_is_kept_until_one_does(listeners: Listeners, reactor: Reactor) -> None:
    (address,) = listeners.listen("web", (ANY,), 1)
    refused: list[int] = []
    taken: list[bytes] = []

    def nobody(sock: socket.socket) -> bool:
        refused.append(sock.fileno())
        return False

    def somebody(sock: socket.socket) -> bool:
        taken.append(sock.recv(5))
        return True

    listeners.tend("web", frozenset({0, 1}), nobody)
    with connected(port_of(address)) as client:
        client.sendall(b"hello")
        turned(reactor, lambda: len(refused) > 1)
        listeners.tend("web", frozenset({0}), somebody)

    assert taken == [b"hello"]


def test_what_is_tended_no_longer_waits_in_the_queue(listeners: Listeners, reactor: Reactor) -> None:
    (address,) = listeners.listen("web", (ANY,), 1)
    taken: list[int] = []
    listeners.tend("web", frozenset({0, 1}), accepting(taken))
    listeners.tend("web", frozenset(), lambda _: False)

    with closing(connected(port_of(address))):
        reactor.wait(time.monotonic() + 0.05)
        assert taken == []
        listeners.tend("web", frozenset({0, 1}), accepting(taken))
        turned(reactor, lambda: taken)


def test_closing_what_workers_still_hold_leaves_nothing_to_watch(listeners: Listeners, reactor: Reactor) -> None:
    (address,) = listeners.listen("web", (ANY,), 1)
    held = [os.dup(listeners.descriptors("web", index)[0]) for index in (0, 1)]  # as a worker has them
    calls: list[int] = []
    listeners.tend("web", frozenset({0, 1}), accepting(calls))

    listeners.listen("web", (TcpBind(LOCAL, free_port()),), 1)
    listeners.tend("web", frozenset({0, 1}), accepting(calls))
    with closing(connected(port_of(address))):
        began = time.thread_time()
        reactor.wait(time.monotonic() + 0.2)
        assert time.thread_time() - began < 0.1

    assert calls == []
    for fd in held:
        os.close(fd)


def test_listeners_close_and_leave_no_descriptor_and_no_file(listeners: Listeners, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    before = fds()
    for _ in range(5):
        listeners.listen("web", (ANY, UnixBind(str(path))), 2)
        listeners.tend("web", frozenset({0, 1}), lambda _: False)
        listeners.close("web")

    assert fds() == before
    assert not path.exists()


def test_an_address_in_use_is_refused_with_the_one_who_has_it(listeners: Listeners) -> None:
    with socket.create_server((LOCAL, 0)) as other:
        port = other.getsockname()[1]
        error = refusal(listeners, TcpBind(LOCAL, port))

    assert error.reason.startswith(f"127.0.0.1:{port} is in use by ")
    assert f"(pid {os.getpid()}, user " in error.reason
    assert error.hint == "end that process, or give another address with --bind or --port"


def test_workers_whose_daemon_was_killed_are_named_with_the_way_to_end_them(listeners: Listeners) -> None:
    env = os.environ | {"MAINSTAY_WORKER": "web-0@1.1", "MAINSTAY_APP": "web", "MAINSTAY_HOME": "/of/nobody"}
    with socket.create_server((LOCAL, 0)) as other:
        port, fd = other.getsockname()[1], other.fileno()
        worker = subprocess.Popen(["sleep", "1000"], env=env, pass_fds=(fd,))
    with worker:
        error = refusal(listeners, TcpBind(LOCAL, port))
        worker.kill()

    assert error.hint == f"left by a daemon that was killed; `kill {worker.pid}` ends it"


def test_an_address_that_another_shares_is_refused_all_the_same(listeners: Listeners) -> None:
    with reuseport.bind_tcp(LOCAL, 0, backlog=1) as other:
        error = refusal(listeners, TcpBind(LOCAL, other.getsockname()[1]))

    assert "is in use by" in error.reason


def test_a_socket_file_in_use_is_refused_with_the_one_who_has_it(listeners: Listeners, tmp_path: Path) -> None:
    path = str(tmp_path / "web.sock")
    with reuseport.bind_unix(path, mode=0o600, backlog=1):
        error = refusal(listeners, UnixBind(path))

    assert error.reason.startswith(f"unix:{path} is in use by ")
    assert f"pid {os.getpid()}" in error.reason
    assert os.path.exists(path)


def test_an_address_of_another_machine_is_refused(listeners: Listeners) -> None:
    error = refusal(listeners, TcpBind("192.0.2.1", 8000))

    assert error.reason == "192.0.2.1:8000: this machine has no such address"
    assert error.hint == "0.0.0.0 means all of its addresses"


@pytest.mark.parametrize(
    ("path", "cause"),
    [("/nothing/web.sock", "No such file or directory"), ("/etc/passwd", "exists and is not a socket")],
)
def test_a_socket_file_that_cannot_be_made_is_refused(listeners: Listeners, path: str, cause: str) -> None:
    assert refusal(listeners, UnixBind(path)).reason == f"unix:{path}: {cause}"
    assert os.path.exists("/etc/passwd")


def test_a_failed_listen_leaves_what_was_there_and_nothing_more(listeners: Listeners, tmp_path: Path) -> None:
    before_addresses = listeners.listen("web", (ANY,), 1)
    before = fds()
    for _ in range(5):
        refusal(listeners, ANY, UnixBind(str(tmp_path / "web.sock")), UnixBind("/nothing/web.sock"))

    assert fds() == before
    assert not (tmp_path / "web.sock").exists()
    with closing(connected(port_of(before_addresses[0]))):
        assert len(listeners.descriptors("web", 0)) == 1


def test_an_app_can_go_from_one_address_to_all_on_the_same_port(listeners: Listeners) -> None:
    port = free_port()
    listeners.listen("web", (TcpBind(LOCAL, port),), 1)

    assert listeners.listen("web", (TcpBind("0.0.0.0", port),), 1) == (f"0.0.0.0:{port}",)
    with closing(connected(port)):
        assert len(listeners.descriptors("web", 0)) == 1


def test_a_flood_is_handed_over_to_the_last_connection(listeners: Listeners, reactor: Reactor) -> None:
    (address,) = listeners.listen("web", (ANY,), 1)
    taken: list[int] = []
    listeners.tend("web", frozenset({0, 1}), accepting(taken))
    clients: list[socket.socket] = []
    flood = threading.Thread(target=lambda: clients.extend(connected(port_of(address)) for _ in range(200)))
    flood.start()

    turned(reactor, lambda: len(taken) == 200)

    flood.join()
    for client in clients:
        client.close()
