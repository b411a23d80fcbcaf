import errno
import os
import select
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstay.sys import reuseport
from tests.sys.children import line, python

BACKLOG = 4096


@contextmanager
def group(count: int, host: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """`count` listeners on one free port."""
    with ExitStack() as stack:
        first = stack.enter_context(reuseport.bind_tcp(host, 0, backlog=BACKLOG))
        port = first.getsockname()[1]
        rest = [stack.enter_context(reuseport.bind_tcp(host, port, backlog=BACKLOG)) for _ in range(count - 1)]
        yield [first, *rest]


def connect(listener: socket.socket, times: int) -> None:
    """Make so many connections, and end each at once: they wait in the accept queues."""
    for _ in range(times):
        with socket.socket(listener.family) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # no TIME_WAIT
            client.connect(listener.getsockname())
            client.shutdown(socket.SHUT_WR)


def accepted(listeners: list[socket.socket]) -> list[int]:
    """How many connections wait at each listener, taking them."""
    counts = []
    for listener in listeners:
        count = 0
        while True:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                break
            except ConnectionAbortedError:
                pass
            count += 1
        counts.append(count)
    return counts


def spread(listeners: list[socket.socket], times: int) -> list[int]:
    connect(listeners[0], times)
    return accepted(listeners)


def has_ipv6() -> bool:
    try:
        with reuseport.bind_tcp("::1", 0, backlog=1):
            return True
    except OSError:
        return False


HOSTS = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]


def simulate(weights: Mapping[int, int], size: int, number: int) -> int:
    """What the kernel's BPF machine returns for a random number."""
    code = reuseport.program(weights, size)
    a, at = number, 1
    while True:
        op, jt, jf, k = code[at]
        at += 1
        match op:
            case 0x94:
                a %= k
            case 0x14:
                a -= k
            case 0x34:
                a //= k
            case 0x04:
                a += k
            case 0x35:
                at += jt if a >= k else jf
            case 0x16:
                return a
            case _:
                raise AssertionError(op)


weightings = st.dictionaries(st.integers(0, 255), st.integers(0, 20), min_size=1, max_size=64).filter(
    lambda w: sum(w.values()) > 0
)


patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


@patient
@given(weightings)
def test_each_listener_gets_exactly_its_share_of_the_random_numbers(weights: dict[int, int]) -> None:
    total = sum(weights.values())
    drawn = [simulate(weights, 256, number) for number in range(total)]

    assert {index: drawn.count(index) * total for index in set(drawn)} == {
        index: weight * total for index, weight in weights.items() if weight
    }


@patient
@given(weightings)
def test_the_kernel_takes_every_program(weights: dict[int, int]) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)

        reuseport.steer(sock, weights, 256)


def test_equal_weights_need_no_jump() -> None:
    assert len(reuseport.program(dict.fromkeys(range(256), 10), 256)) == 3


def test_the_worst_of_256_listeners_fits_the_limit_of_the_kernel() -> None:
    assert len(reuseport.program({index: 1 + index % 2 for index in range(256)}, 256)) < 4096


@pytest.mark.parametrize("weights", [{}, {0: 0}, {2: 1}, {-1: 1}, {0: -1, 1: 2}, {0: 1, 1: 1 << 32}])
def test_weights_that_make_no_sense_are_refused(weights: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot steer"):
        reuseport.program(weights, 2)


def test_this_kernel_can_steer() -> None:
    assert reuseport.supports_steering()


@pytest.mark.parametrize("host", HOSTS)
def test_an_unsteered_listener_gets_no_connection(host: str) -> None:
    with group(4, host) as listeners:
        reuseport.steer(listeners[0], {1: 1, 3: 1}, 4)
        counts = spread(listeners, 400)

        assert counts[0] == counts[2] == 0
        assert counts[1] + counts[3] == 400
        assert min(counts[1], counts[3]) > 120  # 8 standard deviations below 200


@pytest.mark.parametrize("host", HOSTS)
def test_a_canary_gets_its_share(host: str) -> None:
    with group(2, host) as listeners:
        reuseport.steer(listeners[1], {0: 90, 1: 10}, 2)
        counts = spread(listeners, 2000)

        assert sum(counts) == 2000
        assert 120 < counts[1] < 290  # 200 expected, a standard deviation is 13


def test_equal_weights_over_many_listeners_reach_all() -> None:
    with group(256) as listeners:
        reuseport.steer(listeners[0], dict.fromkeys(range(256), 1), 256)
        counts = spread(listeners, 4000)

        assert sum(counts) == 4000
        assert sum(count > 0 for count in counts) > 240
        reuseport.steer(listeners[0], {255: 3}, 256)
        assert spread(listeners, 20) == [0] * 255 + [20]


def test_the_last_listener_takes_the_number_of_a_closed_one() -> None:
    with group(3) as listeners:
        reuseport.steer(listeners[0], {0: 1}, 3)
        port = listeners[0].getsockname()[1]
        listeners[0].close()
        connect_to = listeners[1]
        connect(connect_to, 20)

        assert accepted(listeners[1:]) == [0, 20]
        with reuseport.bind_tcp("127.0.0.1", port, backlog=BACKLOG) as again:
            reuseport.steer(again, {2: 1}, 3)
            assert spread([*listeners[1:], again], 20) == [0, 0, 20]


def test_detaching_gives_the_choice_back_to_the_kernel() -> None:
    with group(2) as listeners:
        reuseport.steer(listeners[0], {1: 1}, 2)
        reuseport.detach(listeners[0])
        reuseport.detach(listeners[0])

        assert min(spread(listeners, 400)) > 0


def test_changing_the_program_while_connections_arrive_loses_none() -> None:
    code = """
import socket, sys
address = ("127.0.0.1", int(sys.argv[1]))
for number in range(3000):
    with socket.create_connection(address, timeout=60) as client:
        client.sendall(b"%d\\n" % number)
        assert client.makefile().readline() == f"{number}\\n"
print("all answered", flush=True)
"""
    with group(3) as listeners, python(code, str(listeners[0].getsockname()[1])) as client:
        done = threading.Event()
        served = [0, 0, 0]
        server = threading.Thread(target=echo, args=(listeners, served, done))
        server.start()
        answer: list[str] = []
        reader = threading.Thread(target=lambda: answer.append(line(client)))
        reader.start()
        changes = 0
        while reader.is_alive():
            reuseport.steer(listeners[0], {changes % 3: 1, (changes + 1) % 3: changes % 7}, 3)
            changes += 1
            reader.join(0.001)
        done.set()
        server.join()

        assert answer == ["all answered"]
        assert changes > 20
        assert min(served) > 0


def echo(listeners: list[socket.socket], served: list[int], done: threading.Event) -> None:
    """Answer each connection with the line it sends, until done."""
    poll = select.poll()
    by_fd = {listener.fileno(): index for index, listener in enumerate(listeners)}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    while not done.is_set():
        for fd, _ in poll.poll(50):
            try:
                connection, _ = listeners[by_fd[fd]].accept()
            except BlockingIOError:
                continue
            with connection:
                connection.setblocking(True)
                connection.sendall(connection.makefile("rb").readline())
            served[by_fd[fd]] += 1


def test_listeners_are_non_blocking_and_not_inherited() -> None:
    with reuseport.bind_tcp("localhost", 0, backlog=1) as sock:
        assert not sock.getblocking()
        assert not sock.get_inheritable()
        assert sock.family == socket.AF_INET


def test_any_address_of_both_families_can_be_bound_side_by_side() -> None:
    with reuseport.bind_tcp("", 0, backlog=1) as four:
        assert four.getsockname()[0] == "0.0.0.0"
        if "::1" in HOSTS:
            with reuseport.bind_tcp("[::]", four.getsockname()[1], backlog=1) as six:
                assert six.getsockname()[:2] == ("::", four.getsockname()[1])


def test_a_port_that_others_do_not_share_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert not reuseport.is_free("127.0.0.1", port)
        with pytest.raises(OSError, match="in use") as caught:
            reuseport.bind_tcp("127.0.0.1", port, backlog=1)
        assert caught.value.errno == errno.EADDRINUSE


def test_a_port_is_not_free_when_somebody_shares_it_and_free_when_he_is_gone() -> None:
    with reuseport.bind_tcp("127.0.0.1", 0, backlog=1) as sharing:
        port = sharing.getsockname()[1]

        assert not reuseport.is_free("127.0.0.1", port)
    assert reuseport.is_free("127.0.0.1", port)


def test_a_unix_socket_has_the_permissions_asked_for(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    with reuseport.bind_unix(path, mode=0o660, backlog=5) as sock, socket.socket(socket.AF_UNIX) as client:
        client.connect(path)

        assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
        assert not sock.getblocking()


def test_a_socket_file_left_behind_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    reuseport.bind_unix(path, mode=0o600, backlog=5).close()
    with reuseport.bind_unix(path, mode=0o600, backlog=5), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)

        assert client.getpeername() == path


def test_a_living_socket_is_not_replaced_even_when_its_queue_is_full(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    with reuseport.bind_unix(path, mode=0o600, backlog=0), ExitStack() as stack:
        for _ in range(3):
            with pytest.raises(OSError, match="in use") as caught:
                reuseport.bind_unix(path, mode=0o600, backlog=5)
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            client.connect_ex(path)

            assert caught.value.errno == errno.EADDRINUSE
            assert caught.value.filename == path


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("precious")
    with pytest.raises(OSError, match="not a socket") as caught:
        reuseport.bind_unix(str(path), mode=0o600, backlog=5)

    assert caught.value.errno == errno.EEXIST
    assert path.read_text() == "precious"


def test_a_path_that_is_too_long_or_has_no_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long") as long:
        reuseport.bind_unix("/tmp/" + "x" * 120, mode=0o600, backlog=5)
    with pytest.raises(FileNotFoundError) as missing:
        reuseport.bind_unix(str(tmp_path / "no" / "app.sock"), mode=0o600, backlog=5)

    assert long.value.errno == errno.ENAMETOOLONG
    assert missing.value.filename == str(tmp_path / "no" / "app.sock")
