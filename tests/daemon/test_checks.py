import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from mainstay.daemon.checks import Connection, Program, http_request, status_of
from mainstay.daemon.children import Children
from mainstay.daemon.reactor import Reactor
from mainstay.sys import procfs
from mainstay.sys.spawn import Spawn
from tests.daemon.turning import turned
from tests.waiting import until

REQUEST = http_request("/health?full=1", "127.0.0.1:8000")


@contextmanager
def asked(timeout: float = 10.0, request: bytes = REQUEST) -> Iterator[tuple[Reactor, socket.socket, list[str]]]:
    """A check on its way, the end of whoever answers, and what came of it."""
    reactor, found = Reactor(), list[str]()
    ours, theirs = socket.socketpair()
    with theirs:
        Connection(reactor, ours, timeout, found.append, request)
        yield reactor, theirs, found


def ran(*argv: str, timeout: float = 10.0) -> str:
    """What came of a check by this command."""
    reactor, found = Reactor(), list[str]()
    recipe = Spawn(argv, {"PATH": os.environ["PATH"], "A": "b"}, "/", -1, -1)
    Program(reactor, Children(reactor), recipe, timeout, found.append)
    turned(reactor, lambda: found, "an end")
    return found[0]


def test_a_request_names_its_host_and_asks_for_one_answer() -> None:
    head, *lines = REQUEST.decode().split("\r\n")

    assert head == "GET /health?full=1 HTTP/1.1"
    assert {"Host: 127.0.0.1:8000", "User-Agent: mainstay-health", "Connection: close"} <= set(lines)
    assert REQUEST.endswith(b"\r\n\r\n")


def test_a_status_from_200_to_399_is_well() -> None:
    assert [status_of(f"HTTP/1.1 {n} Fine\r\n".encode()) for n in (200, 204, 302, 399)] == [""] * 4
    assert status_of(b"HTTP/1.1 503 No\r\n") == "status 503"
    assert status_of(b"HTTP/1.0 100 Wait") == "status 100"
    assert status_of(b"SSH-2.0-OpenSSH") == "what answers does not speak HTTP"
    assert status_of(b"HTTP/1.1 20") is None


def test_an_answer_in_pieces_is_put_together() -> None:
    with asked() as (reactor, theirs, found):
        turned(reactor, lambda: theirs.recv(4096) == REQUEST, "the request")
        for piece in (b"HTTP/1", b".1 200", b" OK\r\n\r\nbody"):
            theirs.sendall(piece)
            reactor.wait(0)
        theirs.shutdown(socket.SHUT_WR)
        turned(reactor, lambda: found, "an end")

    assert found == [""]


def test_a_good_answer_that_does_not_end_in_time_is_good_and_none_is_not() -> None:
    with asked(0.2) as (reactor, theirs, found):
        theirs.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        turned(reactor, lambda: found, "an end")
    with asked(0.2) as (reactor, theirs, silent):
        turned(reactor, lambda: silent, "an end")

    assert found == [""]
    assert silent == ["no answer within 0.2 s"]


def test_a_connection_that_is_closed_is_no_answer() -> None:
    with asked() as (reactor, theirs, found):
        turned(reactor, lambda: theirs.recv(4096), "the request")
        theirs.close()
        turned(reactor, lambda: found, "an end")

    assert found == ["the connection was closed without an answer"]


def test_a_connection_that_is_taken_is_enough_where_nothing_is_asked() -> None:
    with asked(request=b"") as (reactor, _, found):
        turned(reactor, lambda: found, "an end")

    assert found == [""]


def test_a_refused_connection_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = server.getsockname()
    reactor, found = Reactor(), list[str]()
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(where)
    Connection(reactor, sock, 10.0, found.append)
    turned(reactor, lambda: found, "an end")

    assert found == ["connection refused"]


def test_a_check_that_is_cancelled_says_nothing() -> None:
    reactor, found = Reactor(), list[str]()
    ours, theirs = socket.socketpair()
    attempt = Connection(reactor, ours, 0.1, found.append, REQUEST)
    attempt.cancel()
    over: list[int] = []
    reactor.later(0.2, lambda: over.append(1))
    turned(reactor, lambda: over, "its time")
    theirs.close()

    assert found == []
    assert ours.fileno() == -1


def test_a_command_is_judged_by_its_exit_code_and_its_last_line_is_told() -> None:
    assert ran("true") == ""
    assert ran("sh", "-c", "echo first; echo $A; exit 3") == "exit code 3: b"
    assert ran("/nonexistent") == "cannot run /nonexistent: No such file or directory"


def test_a_command_that_takes_too_long_is_ended_with_what_it_started() -> None:
    assert ran("sh", "-c", "sleep 1009 & sleep 1009", timeout=0.3) == "no answer within 0.3 s"
    until(lambda: not [pid for pid, one in procfs.all_stats().items() if one.name == "sleep" and is_ours(pid)])


def is_ours(pid: int) -> bool:
    """Whether it is the program that a test has started, and it runs."""
    return b"1009" in procfs.read(f"/proc/{pid}/cmdline")
