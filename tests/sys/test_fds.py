import errno
import os
import socket
from collections.abc import Iterator

import pytest

from mainstay.sys import fds
from mainstay.sys.fds import Peer
from tests.sys.children import line, python

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(params=["seqpacket", "stream"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    ours, theirs = fds.socketpair_seqpacket() if request.param == "seqpacket" else socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_descriptors_arrive_as_duplicates_and_close_on_exec(pair: Pair) -> None:
    read_fd, write_fd = os.pipe()
    os.set_inheritable(read_fd, True)

    assert fds.send_with_fds(pair[0], b"two", [read_fd, write_fd]) == 3
    data, (reader, writer) = fds.recv_with_fds(pair[1], 100, 4)
    os.write(writer, b"x")
    assert data == b"two"
    assert os.read(read_fd, 1) == b"x"
    assert {reader, writer}.isdisjoint({read_fd, write_fd})
    assert not os.get_inheritable(reader)
    assert not os.get_inheritable(writer)
    for fd in (read_fd, write_fd, reader, writer):
        os.close(fd)


def test_a_message_may_have_no_descriptors_and_the_end_is_told(pair: Pair) -> None:
    fds.send_with_fds(pair[0], b"none", [])
    pair[0].close()

    assert fds.recv_with_fds(pair[1], 100, 0) == (b"none", [])
    assert fds.recv_with_fds(pair[1], 100, 4) == (b"", [])


@pytest.mark.parametrize(("sent", "taken"), [(2, 1), (4, 3), (3, 0), (250, 1)])
def test_more_descriptors_than_expected_are_refused_and_none_is_left_open(pair: Pair, sent: int, taken: int) -> None:
    before = fds.open_fds()
    fds.send_with_fds(pair[0], b"many", [0] * sent)
    with pytest.raises(OSError, match="more descriptors") as caught:
        fds.recv_with_fds(pair[1], 100, taken)

    assert caught.value.errno == errno.EMSGSIZE
    assert fds.open_fds() == before


def test_a_message_that_is_too_long_is_refused_not_cut() -> None:
    ours, theirs = fds.socketpair_seqpacket()
    with ours, theirs:
        before = fds.open_fds()
        fds.send_with_fds(ours, b"x" * 101, [0])

        with pytest.raises(OSError, match="longer"):
            fds.recv_with_fds(theirs, 100, 1)
        assert fds.open_fds() == before


def test_descriptors_need_data_to_travel_with(pair: Pair) -> None:
    with pytest.raises(ValueError, match="without data"):
        fds.send_with_fds(pair[0], b"", [0])


def test_messages_stay_apart() -> None:
    ours, theirs = fds.socketpair_seqpacket()
    with ours, theirs:
        fds.send_with_fds(ours, b"one", [])
        fds.send_with_fds(ours, b"two", [])

        assert fds.recv_with_fds(theirs, 100, 0)[0] == b"one"
        assert fds.recv_with_fds(theirs, 100, 0)[0] == b"two"


def test_a_broken_socket_is_an_error_not_a_signal(pair: Pair) -> None:
    pair[1].close()

    with pytest.raises(BrokenPipeError):
        fds.send_with_fds(pair[0], b"x", [])


def test_the_peer_is_known(pair: Pair) -> None:
    assert fds.peer(pair[0]) == Peer(os.getpid(), os.geteuid(), os.getegid())


def test_everything_is_closed_but_what_is_kept() -> None:
    code = """
import os
from mainstay.sys.fds import close_from, open_fds
kept, gone = os.pipe()
close_from(3, {kept})
print(open_fds() == [0, 1, 2, kept])
"""
    with python(code) as process:
        assert line(process) == "True"


def test_the_limit_of_descriptors_is_raised_as_far_as_it_may_be() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 256))\n"
        "from mainstay.sys.fds import raise_limit\n"
        "print(raise_limit(128), raise_limit(100), raise_limit(65536), flush=True)"
    )
    with python(program) as child:
        assert line(child) == "128 128 256"
